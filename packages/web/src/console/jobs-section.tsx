import type { AdminJob } from '@easel/contract';
import { useCallback } from 'react';
import { listedSource, pathOf } from '../files/picture-file.ts';
import { credits, duration, moment } from '../format/text.ts';
import { Notice } from '../parts/notices.tsx';
import { ScrollBox } from '../parts/table.tsx';
import { isUnfinished } from '../runs/run.ts';
import { useAdmin, useAdminAccess } from './admin.tsx';

/** The latest jobs of all accounts. */
export function JobsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const names = new Map<string, string>();
      for await (const { id, name } of client.admin.allAccounts({ limit: 100 }, { signal })) names.set(id, name);
      return { names, jobs: (await client.admin.listJobs({ limit: 15 }, { signal })).jobs };
    },
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  return (
    <section className="card stack" aria-label="Jobs">
      <h2>Latest jobs</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ScrollBox>
        <table className="jobs">
          <thead>
            <tr>
              <th>
                <span className="visually-hidden">Picture</span>
              </th>
              <th>When</th>
              <th>Account</th>
              <th>Prompt</th>
              <th>Model</th>
              <th>State</th>
              <th className="number">Duration</th>
              <th className="number">Credits</th>
            </tr>
          </thead>
          <tbody>
            {reply?.jobs.map((job) => (
              <tr key={job.id}>
                <td className="seen">
                  <FirstPicture job={job} />
                </td>
                <td>{moment(job.created_at)}</td>
                <td>{reply.names.get(job.account_id) ?? job.account_id}</td>
                <td className="clipped" dir="auto" title={job.prompt ?? ''}>
                  {job.prompt ?? 'not kept'}
                </td>
                <td>{job.drawn_by ?? job.model}</td>
                <td>
                  {job.status}{' '}
                  {isUnfinished(job) && (
                    <button
                      type="button"
                      aria-label={`Cancel: ${job.prompt ?? job.id}`}
                      disabled={isBusy}
                      onClick={() => void act(() => client.admin.cancelJob(job.id))}
                    >
                      Cancel
                    </button>
                  )}
                  {job.status === 'failed' && job.error && <small className="quiet reason">{job.error.message}</small>}
                </td>
                <td className="number">{durationOf(job)}</td>
                <td className="number">{job.status === 'succeeded' ? credits(job.price) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

/** What came of a job; a press opens its file. */
function FirstPicture({ job: { images, prompt } }: { readonly job: AdminJob }) {
  const [image] = images;
  if (image === undefined) return null;
  return (
    <a href={pathOf(image.url)} target="_blank" rel="noreferrer" aria-label={`Open: ${prompt ?? 'a picture'}`}>
      <img {...listedSource(image, '3rem')} alt="" width={image.width} height={image.height} loading="lazy" />
    </a>
  );
}

/** From the start of the work to its end. */
function durationOf({ started_at: start, finished_at: end }: AdminJob): string {
  return start === null || end === null ? '–' : duration((Date.parse(end) - Date.parse(start)) / 1000);
}
