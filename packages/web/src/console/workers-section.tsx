import type { AdminJob, Worker } from '@easel/contract';
import { useCallback } from 'react';
import { bytes, moment } from '../format/text.ts';
import { ConfirmButton, Link } from '../parts/buttons.tsx';
import { Table } from '../parts/table.tsx';
import { addressOf } from '../router.ts';
import { Section, useAdmin, useAdminAccess } from './admin.tsx';
import { DeviceText } from './models-section.tsx';

/** The queue of all accounts, which can be paused. */
export function QueueSection() {
  const { client } = useAdminAccess();
  const ask = useCallback((signal: AbortSignal) => client.admin.queue({ signal }), [client]);
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const isPaused = reply?.state === 'paused';
  const action = isPaused ? (
    <button type="button" disabled={isBusy} onClick={() => void act(() => client.admin.resumeQueue())}>
      Resume
    </button>
  ) : (
    <ConfirmButton
      question="Pause for all users?"
      disabled={isBusy}
      onConfirm={() => void act(() => client.admin.pauseQueue())}
    >
      Pause
    </ConfirmButton>
  );
  return (
    <Section label="Queue" problem={problem} action={action}>
      {reply && (
        <p>
          <b>{reply.queued}</b> queued, <b>{reply.running}</b> running
          {isPaused && ', paused: no new jobs are started'}. At most {reply.capacity} can be queued.{' '}
          <Link href={addressOf('console', {}, 'jobs')}>All jobs</Link>
        </p>
      )}
    </Section>
  );
}

const columns = [
  'Worker',
  'Status',
  'Running job',
  'Model',
  'Device',
  'Profiles and speed',
  { title: 'Memory', isNumber: true },
  'Last seen',
];

/** What draws, on which device, how fast, and what it draws at the moment. */
export function WorkersSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      workers: (await client.admin.workers({ signal })).workers,
      jobs: (await client.admin.listJobs({ status: 'running', limit: 100 }, { signal })).jobs,
    }),
    [client],
  );
  const { reply, problem } = useAdmin(ask);
  return (
    <Section label="Workers" problem={problem}>
      <Table caption="Workers" columns={columns}>
        {reply?.workers.map((worker) => (
          <WorkerRows key={worker.id} worker={worker} job={reply.jobs.find(({ id }) => id === worker.job_id)} />
        ))}
      </Table>
      {reply?.workers.length === 0 && <p className="wrong">No worker has been heard of: no job can be started.</p>}
    </Section>
  );
}

type Engine = Worker['engines'][number];

/** A worker, with a row for each kind of its engines. */
function WorkerRows({ worker, job }: { readonly worker: Worker; readonly job: AdminJob | undefined }) {
  const { name, state, problem, models, engines, memory, seen_at: seen } = worker;
  const kinds = [...Map.groupBy(engines, ({ model, card, device }) => `${model} ${card} ${device?.title}`).values()];
  const [first, ...others] = kinds;
  const span = Math.max(1, kinds.length);
  return (
    <>
      <tr>
        <td rowSpan={span}>{name}</td>
        <td rowSpan={span} className={state === 'lost' ? 'wrong' : undefined}>
          {state}
          {problem !== null && <small className="wrong reason">{problem}</small>}
        </td>
        <td rowSpan={span} className="clipped" dir="auto" title={job?.prompt ?? ''}>
          {job === undefined ? '–' : (job.prompt ?? 'prompt not stored')}
        </td>
        {first === undefined ? <td colSpan={4}>{models.join(', ')}</td> : <EngineCells kind={first} memory={memory} />}
        <td rowSpan={span}>{moment(seen)}</td>
      </tr>
      {others.map((kind) => (
        <tr key={JSON.stringify(kind[0])}>
          <EngineCells kind={kind} memory={memory} />
        </tr>
      ))}
    </>
  );
}

/** Engines of the same kind, of which the first stands for all. */
function EngineCells({ kind, memory }: { readonly kind: readonly Engine[]; readonly memory: Worker['memory'] }) {
  const [engine] = kind;
  if (engine === undefined) return null;
  const { model, card, device, profiles, speeds = [] } = engine;
  const used = memory.filter((each) => each.model === model).reduce((sum, each) => sum + each.bytes, 0);
  const unmeasured = (profiles ?? []).filter((name) => !speeds.some(({ profile }) => profile === name));
  return (
    <>
      <td>
        {model}
        {card !== null && `, card ${card}`}
      </td>
      <td>{device === null ? 'not loaded' : <DeviceText device={device} count={kind.length} />}</td>
      <td>
        {speeds.map(({ profile, ms_per_step_megapixel: ms }) => (
          <div key={profile}>{`${profile}: ${(ms / 1000).toPrecision(2)} s per step and megapixel`}</div>
        ))}
        {unmeasured.length > 0 && <div className="quiet">{unmeasured.join(', ')}: not measured yet</div>}
        {profiles === null && speeds.length === 0 && '–'}
      </td>
      <td className="number">{used === 0 ? '–' : bytes(used)}</td>
    </>
  );
}
