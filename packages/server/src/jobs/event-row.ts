import type { Insertable, Selectable } from 'kysely';
import type { JobEventsTable } from '../database/tables.ts';
import type { JobEvent, StoredEvent } from './events-port.ts';

export function toEventRow(jobId: string, event: JobEvent): Insertable<JobEventsTable> {
  const { kind, ...data } = event;
  if (event.kind !== 'step') return { job_id: jobId, kind, data: JSON.stringify(data) };
  const { index, total, sigma, etaSeconds, preview } = event;
  return {
    job_id: jobId,
    kind,
    data: JSON.stringify({ index, total, sigma, etaSeconds }),
    preview: preview && Buffer.from(preview),
  };
}

/** @returns null for a kind that this version does not know, as a newer one may write it into the same database */
export function fromEventRow({
  id,
  job_id: jobId,
  kind,
  data,
  preview,
}: Selectable<JobEventsTable>): StoredEvent | null {
  const event = eventOf(kind, data, preview);
  return event && { jobId, id, event };
}

function eventOf(kind: string, data: unknown, preview: Buffer | null): JobEvent | null {
  if (kind === 'succeeded' || kind === 'failed' || kind === 'cancelled') return { kind };
  if (kind === 'started' && isStarted(data)) return { kind, startedAt: new Date(data.startedAt) };
  if (kind === 'step' && isStep(data)) return { kind, ...data, preview };
  return null;
}

function isStarted(data: unknown): data is { readonly startedAt: string } {
  return isObject(data) && typeof data.startedAt === 'string';
}

interface StepData {
  readonly index: number;
  readonly total: number;
  readonly sigma: number;
  readonly etaSeconds: number;
}

function isStep(data: unknown): data is StepData {
  if (!isObject(data)) return false;
  return ['index', 'total', 'sigma', 'etaSeconds'].every((name) => typeof data[name] === 'number');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
