import type { AdminJob } from '@easel/contract';
import { useCallback } from 'react';
import { listedSource, pathOf } from '../files/picture-file.ts';
import { credits, duration, moment } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { isUnfinished } from '../runs/run.ts';
import { listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';

const columns = [
  { title: 'Picture', isHidden: true },
  'Time',
  'Account',
  'Prompt',
  'Model',
  'Status',
  { title: 'Duration', isNumber: true },
  { title: 'Credits', isNumber: true },
];

/** The most recent jobs of all accounts. */
export function JobsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      names: new Map((await listAllAccounts(client, signal)).map(({ id, name }) => [id, name])),
      jobs: (await client.admin.listJobs({ limit: 15 }, { signal })).jobs,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  return (
    <Section label="Jobs" title="Recent jobs" problem={problem}>
      <Table columns={columns} className="jobs">
        {reply?.jobs.map((job) => (
          <JobRow
            key={job.id}
            job={job}
            accountName={reply.names.get(job.account_id) ?? job.account_id}
            isBusy={isBusy}
            onCancel={() => void act(() => client.admin.cancelJob(job.id))}
          />
        ))}
      </Table>
    </Section>
  );
}

interface JobRowProps {
  readonly job: AdminJob;
  readonly accountName: string;
  readonly isBusy: boolean;
  readonly onCancel: () => void;
}

function JobRow({ job, accountName, isBusy, onCancel }: JobRowProps) {
  return (
    <tr>
      <td className="seen">
        <FirstPicture job={job} />
      </td>
      <td>{moment(job.created_at)}</td>
      <td>{accountName}</td>
      <td className="clipped" dir="auto" title={job.prompt ?? ''}>
        {job.prompt ?? 'not stored'}
      </td>
      <td>{job.drawn_by ?? job.model}</td>
      <td>
        {job.status}{' '}
        {isUnfinished(job) && (
          <button type="button" aria-label={`Cancel: ${job.prompt ?? job.id}`} disabled={isBusy} onClick={onCancel}>
            Cancel
          </button>
        )}
        {job.status === 'failed' && job.error && <small className="quiet reason">{job.error.message}</small>}
      </td>
      <td className="number">{durationOf(job)}</td>
      <td className="number">{job.status === 'succeeded' ? credits(job.price) : '–'}</td>
    </tr>
  );
}

/** The first picture of a job; a click opens its file. */
function FirstPicture({ job: { images, prompt } }: { readonly job: AdminJob }) {
  const [image] = images;
  if (image === undefined) return null;
  return (
    <a href={pathOf(image.url)} target="_blank" rel="noreferrer" aria-label={`Open: ${prompt ?? 'a picture'}`}>
      <img {...listedSource(image, '3rem')} alt="" width={image.width} height={image.height} loading="lazy" />
    </a>
  );
}

/** The time that the job ran, without the time it was queued. */
function durationOf({ started_at: start, finished_at: end }: AdminJob): string {
  return start === null || end === null ? '–' : duration((Date.parse(end) - Date.parse(start)) / 1000);
}
