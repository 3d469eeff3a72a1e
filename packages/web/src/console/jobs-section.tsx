import { type AdminJob, type JobStatus, jobStatuses } from '@easel/contract';
import { useCallback, useState } from 'react';
import { listedSource, pathOf } from '../files/picture-file.ts';
import { Credits } from '../format/credits.tsx';
import { duration, moment } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { isUnfinished } from '../runs/run.ts';
import { AccountFilter, listAllAccounts, Section, takeFrom, useAdmin, useAdminAccess } from './admin.tsx';
import { RefundForm } from './money-forms.tsx';

const PAGE = 20;
const columns = [
  { title: 'Picture', isHidden: true },
  'Time',
  'Account',
  'Prompt',
  'Model',
  'Status',
  { title: 'Duration', isNumber: true },
  { title: 'Credits', isNumber: true },
  { title: 'Actions', isHidden: true },
];

/** The jobs of all accounts, newest first. */
export function JobsSection() {
  const { client } = useAdminAccess();
  const [account, setAccount] = useState('');
  const [status, setStatus] = useState<JobStatus | ''>('');
  const [count, setCount] = useState(PAGE);
  const [refunded, setRefunded] = useState<AdminJob>();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const query = { limit: PAGE, ...(account !== '' && { account_id: account }), ...(status !== '' && { status }) };
      const accounts = await listAllAccounts(client, signal);
      return { accounts, jobs: await takeFrom(client.admin.allJobs(query, { signal }), count) };
    },
    [client, account, status, count],
  );
  const { reply, problem, act, isBusy, reload } = useAdmin(ask);
  const nameOf = ({ account_id: id }: AdminJob) => reply?.accounts.find((each) => each.id === id)?.name ?? id;
  const filters = (
    <div className="row wrap">
      <AccountFilter accounts={reply?.accounts ?? []} value={account} onChange={setAccount} />
      <StatusFilter value={status} onChange={setStatus} />
    </div>
  );
  return (
    <Section label="Jobs" problem={problem} action={filters}>
      <Table columns={columns} className="jobs">
        {reply?.jobs.map((job) => (
          <JobRow
            key={job.id}
            job={job}
            accountName={nameOf(job)}
            isBusy={isBusy}
            onCancel={() => void act(() => client.admin.cancelJob(job.id))}
            onRefund={() => setRefunded(job)}
          />
        ))}
      </Table>
      {reply?.jobs.length === 0 && <p className="quiet">No such jobs.</p>}
      {reply?.jobs.length === count && (
        <button type="button" className="own-width" onClick={() => setCount(count + PAGE)}>
          Show more
        </button>
      )}
      {refunded && (
        <RefundForm
          job={refunded}
          accountName={nameOf(refunded)}
          onClose={(isDone) => {
            setRefunded(undefined);
            if (isDone) reload();
          }}
        />
      )}
    </Section>
  );
}

interface StatusFilterProps {
  /** Empty: all. */
  readonly value: JobStatus | '';
  readonly onChange: (status: JobStatus | '') => void;
}

function StatusFilter({ value, onChange }: StatusFilterProps) {
  return (
    <label className="field filter">
      Status
      <select
        value={value}
        onChange={({ target }) => onChange(jobStatuses.find((each) => each === target.value) ?? '')}
      >
        <option value="">all</option>
        {jobStatuses.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

interface JobRowProps {
  readonly job: AdminJob;
  readonly accountName: string;
  readonly isBusy: boolean;
  readonly onCancel: () => void;
  readonly onRefund: () => void;
}

function JobRow({ job, accountName, isBusy, onCancel, onRefund }: JobRowProps) {
  const title = job.prompt ?? job.id;
  return (
    <tr>
      <td className="seen">
        <FirstPicture job={job} />
      </td>
      <td>{moment(job.created_at)}</td>
      <td dir="auto">{accountName}</td>
      <td className="clipped" dir="auto" title={job.prompt ?? ''}>
        {job.prompt ?? 'not stored'}
      </td>
      <td>{job.drawn_by ?? job.model}</td>
      <td>
        {job.status}
        {job.status === 'failed' && job.error && <small className="quiet reason">{job.error.message}</small>}
      </td>
      <td className="number">{durationOf(job)}</td>
      <td className="number">
        {job.status === 'succeeded' ? <Credits amount={job.price} /> : '–'}
        {job.refunded !== undefined && (
          <small className="quiet reason">
            refunded <Credits amount={job.refunded} />
          </small>
        )}
      </td>
      <td>
        {isUnfinished(job) && (
          <button type="button" aria-label={`Cancel: ${title}`} disabled={isBusy} onClick={onCancel}>
            Cancel
          </button>
        )}
        {job.status === 'succeeded' && job.price > 0 && job.refunded === undefined && (
          <button type="button" aria-label={`Refund: ${title}`} onClick={onRefund}>
            Refund…
          </button>
        )}
      </td>
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
