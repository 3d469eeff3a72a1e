import type { ModelDevice, Profile, WorkerEngine } from '@easel/contract';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Queries } from '../database/database.ts';

/** A worker without a heartbeat for longer counts as lost. */
export const WORKER_SILENCE_MS = 15_000;

/** The engines of the workers that live, by model. */
export type LiveEngines = ReadonlyMap<string, readonly WorkerEngine[]>;

/** Of a row of `workers`, by the database's clock. */
export function isSeenWithin(ms: number): RawBuilder<SqlBool> {
  return sql<SqlBool>`(seen_at >= clock_timestamp() - make_interval(secs => ${ms / 1000}))`;
}

export async function findLiveEngines(queries: Queries): Promise<LiveEngines> {
  const workers = await queries
    .selectFrom('workers')
    .select(['models', 'engines'])
    .where(isSeenWithin(WORKER_SILENCE_MS))
    .execute();
  const found = workers.flatMap(({ models, engines }) =>
    models.flatMap((model) => {
      const own = engines.filter((engine) => engine.model === model);
      return own.length > 0 ? own : [ofEarlierRelease(model)];
    }),
  );
  return Map.groupBy(found, ({ model }) => model);
}

/** Its workers do not announce their engines: they have one for each model, on the CPU. */
function ofEarlierRelease(model: string): WorkerEngine {
  return { model, card: null, device: { name: 'cpu', title: 'CPU', arithmetic: 'float32' }, profiles: null };
}

/** What these engines run on, each device once. */
export function devicesOf(engines: readonly WorkerEngine[]): ModelDevice[] {
  const known = engines.flatMap(({ device }) => device ?? []);
  return [...Map.groupBy(known, (device) => JSON.stringify(device)).values()].flatMap((same) =>
    same.slice(0, 1).map((device) => ({ ...device, engines: same.length })),
  );
}

/** What all of these engines can do, since any of them may get the next job; null: no engine has told yet. */
export function profilesOf(engines: readonly WorkerEngine[]): readonly Profile[] | null {
  const told = engines.flatMap(({ profiles }) => (profiles === null ? [] : [profiles]));
  const [first, ...others] = told;
  return first?.filter((profile) => others.every((list) => list.includes(profile))) ?? null;
}
