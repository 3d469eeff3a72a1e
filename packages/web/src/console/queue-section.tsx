import { useCallback } from 'react';
import { moment } from '../format/amounts.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useAdminAccess } from './admin-access.tsx';
import { useAdmin } from './use-admin.ts';

export function QueueSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      queue: await client.admin.queue({ signal }),
      workers: (await client.admin.workers({ signal })).workers,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const isPaused = reply?.queue.state === 'paused';
  return (
    <section className="card stack" aria-label="Queue and workers">
      <div className="row spread">
        <h2>Queue</h2>
        {isPaused ? (
          <button type="button" disabled={isBusy} onClick={() => void act(() => client.admin.resumeQueue())}>
            Resume
          </button>
        ) : (
          <ConfirmButton
            question="Pause for everybody?"
            disabled={isBusy}
            onConfirm={() => void act(() => client.admin.pauseQueue())}
          >
            Pause
          </ConfirmButton>
        )}
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {reply && (
        <>
          <p>
            <b>{reply.queue.queued}</b> queued, <b>{reply.queue.running}</b> running
            {isPaused && ', paused: nothing new is started'}.
          </p>
          <ScrollBox>
            <table>
              <caption className="visually-hidden">Workers</caption>
              <thead>
                <tr>
                  <th>Worker</th>
                  <th>State</th>
                  <th>Models</th>
                  <th>Last seen</th>
                </tr>
              </thead>
              <tbody>
                {reply.workers.map((worker) => (
                  <tr key={worker.id}>
                    <td>{worker.name}</td>
                    <td>{worker.problem === null ? worker.state : `${worker.state}: ${worker.problem}`}</td>
                    <td>{worker.models.join(', ')}</td>
                    <td>{moment(worker.seen_at)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollBox>
        </>
      )}
    </section>
  );
}
