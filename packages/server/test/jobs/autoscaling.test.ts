import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { newId } from '../../src/ids.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

/** The query that KEDA's scaler sends for the workers, as it is shipped: https://keda.sh/docs/latest/scalers/postgresql/ */
const shipped = readFileSync(resolve(import.meta.dirname, '../../../../deploy/kubernetes/autoscaling.yaml'), 'utf8');
const [scaler] = parseAllDocuments(shipped)
  .map((document) => document.toJS())
  .filter(({ kind }) => kind === 'ScaledObject')
  .flatMap(({ spec }) => spec.triggers);
const perWorker = Number(scaler.metadata.targetQueryValue);

const opened = useDatabase();
const folder = useTemporaryFolder();
let services: JobServices | undefined;
afterEach(() => services?.stop());

/** One row of one number, as the scaler reads it: with a connection of its own, which does not look into the schema by itself. */
async function answerOfQuery(): Promise<number> {
  const query: RawBuilder<Record<string, number>> = sql.raw(scaler.metadata.query);
  const { rows } = await opened()
    .database.kysely.transaction()
    .execute(async (transaction) => {
      await sql`set local search_path to public`.execute(transaction);
      return await query.execute(transaction);
    });
  expect(rows).toHaveLength(1);
  const values = Object.values(rows[0] ?? {});
  expect(values).toHaveLength(1);
  expect(values[0]).toBeTypeOf('number');
  return values[0] ?? Number.NaN;
}

/** What the autoscaler makes of it: an average per worker, and none up to the value of activation. */
async function workersWanted(): Promise<number> {
  const value = await answerOfQuery();
  return value > Number(scaler.metadata.activationTargetQueryValue) ? Math.ceil(value / perWorker) : 0;
}

test('no work wants no worker; a queued job wants one, and more the longer it waits; running jobs keep theirs; a paused queue and drafts want none', async () => {
  const { database } = opened();
  services = await startJobServices({ ...opened(), folder: folder(), models: ['demo'] });
  const customer = await newCustomer(database, { available: 1000n });
  expect(await answerOfQuery()).toBe(0);

  const { job: first } = await services.submitJob(aSubmission(customer));
  expect(await workersWanted()).toBeGreaterThanOrEqual(1);
  const age = (seconds: number) =>
    sql`update jobs set created_at = now() - make_interval(secs => ${seconds})`.execute(database.kysely);
  await age(3.5 * perWorker);
  expect(await workersWanted()).toBe(4);

  // A draft is free, and nobody waits for it for long.
  await sql`update jobs set draft = true`.execute(database.kysely);
  expect(await workersWanted()).toBe(0);
  await sql`update jobs set draft = false`.execute(database.kysely);

  await services.control.pause();
  expect(await workersWanted()).toBe(0);
  await services.control.resume();
  expect(await workersWanted()).toBe(4);

  const { job: second } = await services.submitJob(aSubmission(customer));
  for (const { id: jobId } of [first, second])
    await database.transaction((queries) => markStarted(queries, { jobId, workerId: newId(), now: new Date() }));
  expect(await workersWanted()).toBe(2);

  for (const { id } of [first, second]) await services.cancelJob(null, id);
  expect(await workersWanted()).toBe(0);
});
