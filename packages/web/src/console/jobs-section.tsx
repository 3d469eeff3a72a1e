import { useCallback } from 'react';
import { moment } from '../format/amounts.ts';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useAdminAccess } from './admin-access.tsx';
import { useAdmin } from './use-admin.ts';

/** The latest jobs of all accounts. */
export function JobsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => (await client.admin.listJobs({ limit: 15 }, { signal })).jobs,
    [client],
  );
  const { reply: jobs, problem, act } = useAdmin(ask);
  return (
    <section className="card stack" aria-label="Jobs">
      <h2>Latest jobs</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>When</th>
              <th>Prompt</th>
              <th>Model</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {jobs?.map((job) => (
              <tr key={job.id}>
                <td>{moment(job.created_at)}</td>
                <td className="clipped">{job.prompt ?? 'not kept'}</td>
                <td>{job.model}</td>
                <td>
                  {job.status}{' '}
                  {(job.status === 'queued' || job.status === 'running') && (
                    <button type="button" onClick={() => void act(() => client.admin.cancelJob(job.id))}>
                      Cancel
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}
