import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { EaselClient } from '@easel/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { expectSoundLedger } from '../../packages/server/test/ledger/ledger-invariants.ts';
import { newDataDir, serveEasel } from '../support/easel-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { Installation, long, small } from './installation.ts';
import { measureCapacity, submitAtRate, submitUntilAcknowledged, untilEnded } from './load.ts';
import { NetworkNamespace } from './network-namespace.ts';
import {
  checkBalance,
  checkPromises,
  followEnds,
  type ScenarioResult,
  type Stressed,
  stress,
  untilNothingWaits,
} from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

/** `npm run test:scenarios`: the long form, with so many seconds of stress each. */
const seconds = Number(process.env.SCENARIO_SECONDS ?? 0);
const isLong = seconds > 0;
const size = isLong ? { stressMs: 1000 * seconds, jobs: 1 } : { stressMs: 500, jobs: 3 };
/** Jobs a second that the workers do: measured in the long form, in the short one more than they do anywhere. */
let capacity = 8;

/** Changes the limits of a process that runs (util-linux). */
const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

let installation: Installation;
let ends: ReturnType<typeof followEnds>;
const stressed = new Map<string, { readonly during: Stressed; readonly recoveryMs: number }>();
const results: ScenarioResult[] = [];

beforeAll(async () => {
  installation = await Installation.start({ workers: 2 });
  ends = followEnds(installation);
});

afterAll(async () => {
  if (isLong) process.stdout.write(`${tableOf(results, capacity)}\n`);
  await ends?.stop();
  await installation?.stop();
});

test.each(scenarios)(
  '$name: every request is acknowledged while $stress',
  async (scenario) => {
    // What they can do now, whatever else the machine did before.
    if (isLong) capacity = await measureCapacity(installation, scenario.stress, 40);
    const during = await stress(installation, scenario, { capacity, ...size });
    // In the short form the next stress begins while a worker that was killed is not missed yet: all recover together.
    if (isLong) await untilNothingWaits(installation);
    stressed.set(scenario.name, { during, recoveryMs: performance.now() - during.calmAt });
  },
  3_600_000,
);

test.each(scenarios)('$name: no job is lost, each is charged once and its pictures are there', async ({ name }) => {
  const scenario = stressed.get(name);
  if (scenario === undefined) throw new Error('its stress did not come to its end');
  await untilNothingWaits(installation);
  results.push(await checkPromises(installation, scenario.during, scenario.recoveryMs));
  await expectSoundLedger(installation.database);
});

test('through all of these faults one event stream has told the end of every job, once', async () => {
  const jobs = await installation.database.kysely.selectFrom('jobs').select('id').execute();
  const untold = () => jobs.filter(({ id }) => !ends.told.has(id));
  await expect.poll(untold).toEqual([]);
  expect([...new Set(ends.told.values())]).toEqual([1]);
});

describe.skipIf(isLong)('one worker', () => {
  const stateOf = async (id: string) => {
    const row = installation.database.kysely.selectFrom('jobs').select(['state', 'attempt']).where('id', '=', id);
    return row.executeTakeFirstOrThrow();
  };
  const living = async () => {
    const { workers } = await installation.administrator.admin.workers();
    return workers.filter(({ state }) => state !== 'lost');
  };
  const problem = async () => (await living()).flatMap((worker) => worker.problem ?? []).join();

  test('with --concurrency 2 runs two jobs at once: one is cancelled, and what a kill leaves is done by another worker', async () => {
    await installation.stopWorkers();
    const { customer } = installation;
    const worker = await installation.startWorker({ args: ['--concurrency', '2'] });
    const engines = async () => (await living()).flatMap((each) => each.engines);
    await expect.poll(async () => (await engines()).map(({ device }) => device?.name)).toEqual(['cpu', 'cpu']);
    const [first, second] = [await customer.jobs.create(long), await customer.jobs.create(long)];
    const running = (...jobs: { id: string }[]) =>
      expect.poll(() => Promise.all(jobs.map(({ id }) => installation.workerOf(id)))).toEqual(jobs.map(() => worker));
    await running(first, second);
    await customer.jobs.cancel(first.id);
    const third = await customer.jobs.create(long);
    await running(third);
    expect(await stateOf(second.id)).toEqual({ state: 'running', attempt: 1 });
    await installation.killWorker(worker);
    await installation.startWorker();
    const ended = await untilEnded(installation, [first.id, second.id, third.id]);
    expect(ended.map(({ status }) => status)).toEqual(['cancelled', 'succeeded', 'succeeded']);
    for (const { id } of [second, third]) expect(await stateOf(id)).toEqual({ state: 'succeeded', attempt: 2 });
    await expectSoundLedger(installation.database);
  });

  test.skipIf(!hasPrlimit).each([
    { limit: 'nofile', to: 3, says: /too many files open/ },
    { limit: 'fsize', to: 1000, says: /larger than this process may write/ },
  ])(
    'that has reached its limit $limit says so and leaves jobs waiting; afterwards they are done at the first attempt',
    async ({ limit, to, says }) => {
      const [worker] = installation.workers;
      const restore = setLimit(worker?.process.pid, limit, to);
      try {
        const { id } = await installation.customer.jobs.create(small);
        await expect.poll(problem).toMatch(says);
        expect(await stateOf(id)).toEqual({ state: 'queued', attempt: 0 });
        restore();
        await untilEnded(installation, [id]);
        expect(await stateOf(id)).toEqual({ state: 'succeeded', attempt: 1 });
        await expect.poll(problem).toBe('');
      } finally {
        restore();
      }
    },
  );

  test.skipIf(!hasPrlimit)(
    'or server without file descriptors closes new connections, lives, and goes on when it has some again',
    async () => {
      const pid = installation.serverPid;
      const highest = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
      const restore = setLimit(pid, 'nofile', highest + 1);
      const connections: Connection[] = [];
      try {
        // The first ones get what is free below the limit.
        while (connections.at(-1)?.fate !== 'closed') connections.push(await connectionTo(installation.url));
        expect(connections.length).toBeLessThan(highest);
      } finally {
        for (const { socket } of connections) socket.destroy();
        restore();
      }
      const one = await submitAtRate(
        installation,
        { load: 'steady', capacity, name: 'descriptors' },
        { ms: 0, jobs: 1 },
      );
      const ids = one.map(({ id }) => id);
      expect(await untilEnded(installation, ids)).toMatchObject([{ status: 'succeeded' }]);
    },
  );
});

const noNetwork = isLong ? 'the long form' : NetworkNamespace.reasonWithout();

test.skipIf(noNetwork !== undefined)(
  `a worker whose network is cut for longer than its lease loses its job to another one, and ends it no second time when it is back${noNetwork === undefined ? '' : ` (skipped: ${noNetwork})`}`,
  async () => {
    await installation.stopWorkers();
    const network = NetworkNamespace.create();
    onTestFinished(() => network.remove());
    const { host, port, user, password, database } = installation.postgres.connection;
    const proxy = await TcpProxy.listen({ path: join(host, `.s.PGSQL.${port}`) }, network.hostAddress);
    onTestFinished(() => proxy.close());
    const databaseUrl = `postgres://${user}:${encodeURIComponent(password)}@${network.hostAddress}:${proxy.port}/${database}`;
    const far = await installation.startWorker({ databaseUrl, within: network.within });
    const { customer, administrator } = installation;
    const { id } = await customer.jobs.create(long);
    expect(await installation.workerOf(id)).toBe(far);
    network.cut();
    const near = await installation.startWorker();
    expect(await untilEnded(installation, [id])).toMatchObject([{ status: 'succeeded' }]);
    const stateOfFar = async () => {
      const { workers } = await administrator.admin.workers();
      return workers.find(({ name }) => name.endsWith(`:${far.process.pid}`))?.state;
    };
    await expect.poll(stateOfFar).toBe('lost');
    network.heal();
    await expect.poll(stateOfFar).toBe('idle');
    await near.stop();
    installation.workers.delete(near);
    const next = await customer.jobs.create(small);
    expect(await untilEnded(installation, [next.id])).toMatchObject([{ status: 'succeeded' }]);
    const ended = installation.database.kysely.selectFrom('jobs').select(['state', 'attempt']).where('id', '=', id);
    expect(await ended.executeTakeFirst()).toEqual({ state: 'succeeded', attempt: 2 });
    expect((await customer.jobs.get(id)).images).toHaveLength(long.samples);
    await checkBalance(installation);
    await expectSoundLedger(installation.database);
    await installation.stopWorkers();
  },
);

test.skipIf(isLong)(
  'while the disk of a whole installation is full nothing is acknowledged that is lost, and it goes on by itself when there is room',
  async ({ skip }) => {
    const dataDir = await newDataDir();
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=711', 'easel-test', dataDir], { stdio: 'ignore' });
    } catch {
      return skip('mount(2) is not permitted here');
    }
    onTestFinished(() => void execFileSync('umount', ['-l', dataDir], { stdio: 'ignore' }));
    const server = await serveEasel({ dataDir, env: { EASEL_LOG_LEVEL: 'fatal' } });
    onTestFinished(async () => void (await server.stop()));
    const filler = join(dataDir, 'filler');
    const full = await open(filler, 'w');
    const megabyte = new Uint8Array(2 ** 20);
    for (let isFull = false; !isFull; ) {
      await full.write(megabyte).catch(() => {
        isFull = true;
      });
    }
    await full.close();
    const customer = new EaselClient({ baseUrl: server.url, apiKey: server.devKey, retries: 0 });
    const acknowledged: string[] = [];
    const bodies = Array.from({ length: 8 }, (_, index) => ({
      ...small,
      prompt: `${index} ${'very '.repeat(500)}long`,
    }));
    for (const answer of await Promise.allSettled(bodies.map((body) => customer.jobs.create(body)))) {
      if (answer.status === 'fulfilled') acknowledged.push(answer.value.id);
      else expect(answer.reason).toMatchObject({ status: 503, code: 'overloaded' });
    }
    // Nothing was drawn that could not be kept.
    for (const id of acknowledged) expect((await customer.jobs.get(id)).status).toBe('queued');
    await rm(filler);
    const last = await submitUntilAcknowledged(customer, 'when there is room');
    for (const id of [...acknowledged, last.id]) {
      await expect.poll(async () => (await customer.jobs.get(id).catch(() => undefined))?.status).toBe('succeeded');
    }
    const { held } = await customer.account.credits();
    expect(held).toBe(0);
  },
);

function tableOf(all: readonly ScenarioResult[], jobsPerSecond: number): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const rows = all.map(({ name, jobs, retried, failures, longestMs, recoveryMs }) =>
    [name, jobs, 0, retried, failures, seconds(longestMs), seconds(recoveryMs)].join(' | '),
  );
  return [
    `the workers do ${jobsPerSecond.toFixed(1)} jobs a second at the end`,
    '| scenario | jobs | lost | needed another attempt | requests answered 5xx | longest submission | recovery |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** @returns what sets it back */
function setLimit(pid: number | undefined, limit: string, to: number): () => void {
  const names: Readonly<Record<string, string>> = { nofile: 'Max open files', fsize: 'Max file size' };
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const before = new RegExp(`^${names[limit]} +(\\S+)`, 'm').exec(limits)?.[1];
  const set = (soft: string) => execFileSync('prlimit', ['--pid', String(pid), `--${limit}=${soft}:`]);
  set(String(to));
  return () => set(before ?? '');
}

interface Connection {
  readonly socket: Socket;
  readonly fate: 'answered' | 'closed';
}

/** A new connection that asks for something, and what becomes of it. One that is answered stays open. */
async function connectionTo(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // a reset is an end too
  socket.write('GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n');
  const fate = await new Promise<Connection['fate']>((resolve) => {
    socket.once('data', () => resolve('answered'));
    socket.once('close', () => resolve('closed'));
  });
  return { socket, fate };
}
