import type { Worker } from '@easel/contract';
import { useCallback } from 'react';
import { bytes, moment } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { ScrollBox } from '../parts/table.tsx';
import { useAdmin, useAdminAccess } from './admin.tsx';

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

export function ModelsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      models: (await client.models({ signal })).models,
      workers: (await client.admin.workers({ signal })).workers,
    }),
    [client],
  );
  const { reply, problem } = useAdmin(ask);
  return (
    <section className="card stack" aria-label="Models">
      <h2>Models</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Name in the API</th>
              <th>Model</th>
              <th>Default size</th>
              <th>Width and height</th>
              <th>Memory</th>
            </tr>
          </thead>
          <tbody>
            {reply?.models.map(({ id, name, defaults, limits, is_embedded: isEmbedded }) => (
              <tr key={id}>
                <td>{id}</td>
                <td>
                  {name}
                  {isEmbedded && ' (embedded)'}
                </td>
                <td>
                  {defaults.img_width}×{defaults.img_height}
                </td>
                <td>
                  {limits.min_side}–{limits.max_side}
                </td>
                <td>{memoryOf(id, reply.workers)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

/** A dash: no process of it runs, for a model without work gives its memory back after a while; or the system does not tell. */
function memoryOf(model: string, workers: readonly Worker[]): string {
  const loaded = workers.filter(({ state }) => state !== 'lost').flatMap(({ memory }) => memory);
  const own = loaded.filter((entry) => entry.model === model);
  if (own.length === 0) return '–';
  const total = bytes(own.reduce((sum, entry) => sum + entry.bytes, 0));
  return own.length === 1 ? total : `${total} in ${own.length} workers`;
}
