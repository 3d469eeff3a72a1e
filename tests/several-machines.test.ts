import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { creditsSchema, jobSchema, queueSchema } from '@easel/contract';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@easel/embedded-postgres';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type EaselServer, newDataDir, newKey, serveEasel } from './support/easel-server.ts';
import { type EaselWorker, startEaselWorker } from './support/easel-worker.ts';

/** Two servers that only take jobs and a worker, which know of each other by the database's address alone. */
let folder: string;
let postgres: EmbeddedPostgres;
let servers: EaselServer[] = [];
let worker: EaselWorker;
const keys = { adminKey: newKey(), devKey: newKey() };
const admin = { 'x-api-key': keys.adminKey };
const json = { 'x-api-key': keys.devKey, 'content-type': 'application/json' };

/** Sets the clock of the worker's machine back by two days. */
const clockBehind = `
  const OwnDate = Date;
  const now = () => OwnDate.now() - 2 * 86400000;
  globalThis.Date = class extends OwnDate {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now = now;
  };`;

/** What all machines have in common. */
const shared = () => ({
  DATABASE_URL: addressOf(postgres),
  EASEL_SECRET: 'the secret that all these machines share',
  EASEL_IMAGES_DIR: join(folder, 'images'),
  EASEL_WORKER_ENABLED: 'false',
  EASEL_LIMITS_REQUESTS_PER_MINUTE: '50',
});

beforeAll(async () => {
  folder = await newDataDir();
  postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database') });
  const env = shared();
  const machine = async (name: string) => {
    const dataDir = join(folder, name);
    await mkdir(dataDir);
    return { dataDir, env, keys };
  };
  const [one, two, three] = [await machine('one'), await machine('two'), await machine('three')];
  servers = await Promise.all([serveEasel(one), serveEasel(two)]);
  worker = await startEaselWorker({
    ...env,
    EASEL_DATA_DIR: three.dataDir,
    EASEL_WORKER_METRICS_PORT: '0',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clockBehind)}`,
  });
});

afterAll(async () => {
  for (const running of [...servers, worker]) await running?.stop();
  await postgres?.stop();
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
  expect(Date.parse(job.finished_at ?? '')).toBeGreaterThan(Date.parse(job.created_at));
  const { pathname } = new URL(job.images[0]?.url ?? '');
  const pictures = await Promise.all([0, 1].map((index) => fetch(`${urlOf(index)}${pathname}`)));
  const [first, second] = await Promise.all(pictures.map(async (reply) => Buffer.from(await reply.arrayBuffer())));
  expect(first?.length).toBeGreaterThan(1000);
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  const credits = await bodyOf(creditsSchema, fetch(`${urlOf(1)}/api/credits`, { headers: json }));
  expect(credits.balance).toBeCloseTo(100 - price, 6);
});

test('a synchronous request to one machine waits for the work of another', async () => {
  const body = JSON.stringify({ prompt: 'a pear', base64: false });
  const reply = await fetch(`${urlOf(1)}/v1/playground-v2.5`, { method: 'POST', headers: json, body });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
});

test('what the jobs of a worker took and cost is in its own metrics', async () => {
  const metricsUrl = () => /metrics are at (\S+)/.exec(worker.output())?.[1];
  await expect.poll(metricsUrl).toBeDefined();
  const url = metricsUrl() ?? '';
  const reply = await fetch(url);
  expect(reply.headers.get('content-type')).toContain('version=0.0.4');
  const text = await reply.text();
  const model = 'model="playground-v2.5"';
  expect(text).toMatch(new RegExp(`^easel_jobs_total\\{${model},state="succeeded",code=""\\} [2-9]`, 'm'));
  for (const name of ['job_wait_seconds_count', 'job_run_seconds_count', 'steps_total', 'credits_charged_total'])
    expect(text).toMatch(new RegExp(`^easel_${name}\\{.*${model}.*\\} [0-9.]*[1-9]`, 'm'));
  const statusOf = async (path: string, method = 'GET') => (await fetch(new URL(path, url), { method })).status;
  expect(await Promise.all([statusOf('/healthz'), statusOf('/api/jobs'), statusOf('/metrics', 'POST')])).toEqual([
    200, 404, 405,
  ]);
});

test('a machine that is stopped lets the clients who wait on it have the pictures that another makes', async () => {
  const dataDir = join(folder, 'stopped');
  await mkdir(dataDir);
  const server = await serveEasel({ dataDir, env: shared(), keys });
  onTestFinished(async () => void (await server.stop()));
  // An idle connection, as browsers open, and a stream that has no end keep nothing up.
  const idle = connect(Number(new URL(server.url).port), '127.0.0.1');
  onTestFinished(() => void idle.destroy());
  const events = fetch(`${server.url}/api/events`, { headers: json }).then((reply) => reply.text());
  const body = JSON.stringify({ prompt: 'a quince', base64: false, num_inference_steps: 100 });
  const waiting = fetch(`${server.url}/v1/playground-v2.5`, { method: 'POST', headers: json, body });
  const isRunning = async () => {
    const jobs = await fetch(`${urlOf(0)}/api/jobs?status=running`, { headers: json });
    return (await jobs.text()).includes('a quince');
  };
  await expect.poll(isRunning).toBe(true);
  const stopped = server.stop();
  expect((await waiting).status).toBe(200);
  expect(await stopped).toBe(0);
  await events.catch(() => {});
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

const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0;

test.skipIf(!hasPgBouncer)(
  `a server works behind PgBouncer in session mode${hasPgBouncer ? '' : ' (skipped: there is no pgbouncer here)'}`,
  async () => {
    const url = await startPgBouncer();
    const dataDir = join(folder, 'behind-pgbouncer');
    await mkdir(dataDir);
    const server = await serveEasel({ dataDir, env: { ...shared(), DATABASE_URL: url }, keys });
    onTestFinished(async () => void (await server.stop()));
    const body = JSON.stringify({ prompt: 'a cherry', seed: 7 });
    const { id } = await bodyOf(jobSchema, fetch(`${server.url}/api/jobs`, { method: 'POST', headers: json, body }));
    const events = await fetch(`${server.url}/api/jobs/${id}/events`, { headers: json }).then((reply) => reply.text());
    expect(events).toMatch(/^event: succeeded$/m);
  },
);

/** In front of the database, as the account that may use the database's socket. @returns the address */
async function startPgBouncer(): Promise<string> {
  const { user, password, host, port, database } = postgres.connection;
  const own = createServer().listen(0, '127.0.0.1');
  await once(own, 'listening');
  const address = own.address();
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  await once(own.close(), 'close');
  const file = join(folder, 'pgbouncer.ini');
  const { uid, gid } = await stat(host);
  const target = `host=${host} port=${port} dbname=${database} user=${user} password=${password}`;
  await writeFile(
    file,
    `[databases]\n${database} = ${target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${address.port}\nunix_socket_dir =\nauth_type = any\npool_mode = session\ndefault_pool_size = 40\n`,
    { mode: 0o600 },
  );
  if (process.getuid?.() === 0) await chown(file, uid, gid);
  const child = spawn('pgbouncer', [file], { stdio: 'ignore', ...(process.getuid?.() === 0 && { uid, gid }) });
  onTestFinished(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  });
  await expect
    .poll(async () => {
      const socket = connect(address.port, '127.0.0.1');
      const isOpen = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]);
      socket.destroy();
      return isOpen;
    })
    .toBe(true);
  return `postgres://${user}@127.0.0.1:${address.port}/${database}`;
}

test('a machine with another secret does not start, and says why', async () => {
  const dataDir = join(folder, 'four');
  await mkdir(dataDir);
  const env = { DATABASE_URL: addressOf(postgres), EASEL_SECRET: 'the secret of somebody else entirely' };
  await expect(serveEasel({ dataDir, env, keys })).rejects.toThrow(/another server secret/);
});
