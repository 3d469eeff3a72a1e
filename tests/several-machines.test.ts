import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { creditsSchema, jobSchema, queueSchema } from '@easel/contract';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@easel/embedded-postgres';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, newDataDir, newKey, serveEasel } from './support/easel-server.ts';
import { type EaselWorker, startEaselWorker } from './support/easel-worker.ts';
import { until } from './support/run-easel.ts';
import { collectSpans, type SpanCollector } from './support/span-collector.ts';

/** Two servers that only take jobs and a worker, which know of each other by the database's address alone. */
let folder: string;
let postgres: EmbeddedPostgres;
let servers: EaselServer[] = [];
let worker: EaselWorker;
let collector: SpanCollector;
let endCollector = async () => {};
const keys = { adminKey: newKey(), devKey: newKey() };
const admin = { 'x-api-key': keys.adminKey };
const json = { 'x-api-key': keys.devKey, 'content-type': 'application/json' };

beforeAll(async () => {
  collector = await collectSpans((end) => {
    endCollector = end;
  });
  folder = await newDataDir();
  postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database') });
  const env = {
    DATABASE_URL: addressOf(postgres),
    EASEL_SECRET: 'the secret that all these machines share',
    EASEL_IMAGES_DIR: join(folder, 'images'),
    EASEL_WORKER_ENABLED: 'false',
    EASEL_LIMITS_REQUESTS_PER_MINUTE: '50',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  };
  const machine = async (name: string) => {
    const dataDir = join(folder, name);
    await mkdir(dataDir);
    return { dataDir, env, keys };
  };
  const [one, two, three] = [await machine('one'), await machine('two'), await machine('three')];
  servers = await Promise.all([serveEasel(one), serveEasel(two)]);
  worker = await startEaselWorker({ ...env, EASEL_DATA_DIR: three.dataDir });
});

afterAll(async () => {
  for (const running of [...servers, worker]) await running?.stop();
  await postgres?.stop();
  await endCollector();
  await rm(folder, { recursive: true, force: true });
});

function addressOf({ connection: { user, password, host, port, database } }: EmbeddedPostgres): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(password)}@/${database}?${query}`;
}

const urlOf = (index: number) => servers[index]?.url ?? '';

async function bodyOf<Schema extends TSchema>(schema: Schema, reply: Promise<Response>): Promise<Static<Schema>> {
  const body: unknown = await (await reply).json();
  if (!fits(schema, body)) throw new Error(`not as the contract has it: ${JSON.stringify(body)}`);
  return body;
}

function fits<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  return Check(schema, value);
}

test('a job that one machine takes is painted by another, followed on a third and charged once for all', async () => {
  const body = JSON.stringify({ prompt: 'a red apple', seed: 5, preview: true });
  const { id, price } = await bodyOf(jobSchema, fetch(`${urlOf(0)}/api/jobs`, { method: 'POST', headers: json, body }));
  const events = await fetch(`${urlOf(1)}/api/jobs/${id}/events`, { headers: json }).then((reply) => reply.text());
  expect(events).toMatch(/^event: step$/m);
  expect(events).toMatch(/^event: succeeded$/m);
  const job = await bodyOf(jobSchema, fetch(`${urlOf(1)}/api/jobs/${id}`, { headers: json }));
  const { pathname } = new URL(job.images[0]?.url ?? '');
  const pictures = await Promise.all([0, 1].map((index) => fetch(`${urlOf(index)}${pathname}`)));
  const [first, second] = await Promise.all(pictures.map(async (reply) => Buffer.from(await reply.arrayBuffer())));
  expect(first?.length).toBeGreaterThan(1000);
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  const credits = await bodyOf(creditsSchema, fetch(`${urlOf(1)}/api/credits`, { headers: json }));
  expect(credits.balance).toBeCloseTo(100 - price, 6);
});

test('the trace of a request goes on in the process that paints its job', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { ...json, traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const body = '{"prompt":"a quince","num_inference_steps":2}';
  await bodyOf(jobSchema, fetch(`${urlOf(0)}/api/jobs`, { method: 'POST', headers, body }));
  const spanOf = (wanted: string) =>
    collector.spans.find(({ traceId: trace, name }) => trace === traceId && name === wanted);
  const isAll = () => ['POST /api/jobs', 'job run', 'charge'].every((name) => spanOf(name) !== undefined);
  await until(isAll, () => collector.text());
  const [request, run, charge] = [spanOf('POST /api/jobs'), spanOf('job run'), spanOf('charge')];
  expect(run).toMatchObject({ parentSpanId: request?.spanId, pid: String(worker.process.pid) });
  expect(charge).toMatchObject({ parentSpanId: run?.spanId, pid: run?.pid });
  expect(request?.pid).toBe(String(servers[0]?.process.pid));
});

test('a synchronous request to one machine waits for the work of another', async () => {
  const body = JSON.stringify({ prompt: 'a pear', base64: false });
  const reply = await fetch(`${urlOf(1)}/v1/playground-v2.5`, { method: 'POST', headers: json, body });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
});

test('who pauses the queue on one machine pauses it on all, and a queued job is cancelled from any', async () => {
  const rule = (index: number, what: string) =>
    bodyOf(queueSchema, fetch(`${urlOf(index)}/api/admin/queue/${what}`, { method: 'POST', headers: admin }));
  await rule(0, 'pause');
  expect((await bodyOf(queueSchema, fetch(`${urlOf(1)}/api/admin/queue`, { headers: admin }))).state).toBe('paused');
  const sent = fetch(`${urlOf(0)}/api/jobs`, { method: 'POST', headers: json, body: '{"prompt":"a plum"}' });
  const { id } = await bodyOf(jobSchema, sent);
  const cancelling = fetch(`${urlOf(1)}/api/jobs/${id}`, {
    method: 'DELETE',
    headers: { 'x-api-key': keys.devKey },
  });
  expect((await bodyOf(jobSchema, cancelling)).status).toBe('cancelled');
  expect((await rule(1, 'resume')).state).toBe('running');
});

test('the rate limit of a key counts what came to any machine', async () => {
  // The administrator has no credits, so nothing is painted; a request that is refused for that counts.
  const headers = { ...json, ...admin };
  const ask = (index: number) =>
    fetch(`${urlOf(index % 2)}/api/jobs`, { method: 'POST', headers, body: '{"prompt":"a plum"}' });
  const replies = await Promise.all(Array.from({ length: 120 }, (_, index) => ask(index)));
  const counts = Map.groupBy(replies, ({ status }) => status);
  expect([...counts.keys()].sort()).toEqual([406, 429]);
  // Two windows are counted where the minute of the clock ends in between.
  expect(counts.get(406)?.length).toBeLessThanOrEqual(2 * 50);
});

test('a machine with another secret does not start, and says why', async () => {
  const dataDir = join(folder, 'four');
  await mkdir(dataDir);
  const env = { DATABASE_URL: addressOf(postgres), EASEL_SECRET: 'the secret of somebody else entirely' };
  await expect(serveEasel({ dataDir, env, keys })).rejects.toThrow(/another server secret/);
});
