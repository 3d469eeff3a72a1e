/**
 * What the service costs over the bare engine: 64 clients on 8 accounts, the embedded model, default settings. Everything is
 * compared within this one run on this machine.
 *
 *   npm run bench:load -- [JOBS, default 2000]
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { demoModelPath } from '@easel/demo-model';
import { createEngineHost, encodeImage } from '@easel/engine';
import { type EaselServer, serveEasel } from '../../tests/support/easel-server.ts';
import { adminOf } from './admin.ts';
import { median, quantile } from './statistics.ts';

const CLIENTS = 64;
const ACCOUNTS = 8;
const BARE_PICTURES = 40;
const SEQUENTIAL = 20;
const IDLE_READS = 500;

const jobs = Number(process.argv[2] ?? 2000);
/** Half the native side: what is measured is the service, and small pictures ask the most of it. */
const side = 128;
const body = { prompt: 'a red apple on a blue background', base64: false, img_width: side, img_height: side };
note('machine', { cpu: cpus()[0]?.model ?? '', cores: cpus().length, load: loadavg()[0] ?? 0, jobs });

const before = await bareSeconds();
const server = await serveEasel({
  env: { EASEL_DEV_CREDITS: '1000', EASEL_LIMITS_REQUESTS_PER_MINUTE: '100000' },
});
try {
  const sequential = await sequentialSeconds(server);
  const idle = await readLatencies(server, await aJob(server), () => Promise.resolve(IDLE_READS));
  const load = await underLoad(server);
  const after = await bareSeconds();
  const bare = (before.mean + after.mean) / 2;
  note('throughput', {
    bareEnginePerSecond: 1 / bare,
    servicePerSecond: load.perSecond,
    ratio: load.perSecond * bare,
    goal: 0.85,
  });
  note('GET /api/jobs/ID', {
    idleP99Ms: quantile(idle, 0.99),
    loadedP99Ms: quantile(load.reads, 0.99),
    ratio: quantile(load.reads, 0.99) / quantile(idle, 0.99),
    goal: 5,
  });
  const tenth = Math.floor(load.memory.length / 10);
  const tenths = Array.from({ length: 10 }, (_, part) => median(load.memory.slice(part * tenth, (part + 1) * tenth)));
  const [, second = 0] = tenths;
  const last = tenths.at(-1) ?? 0;
  note('server memory', {
    secondTenthMB: second,
    lastTenthMB: last,
    growthPercent: 100 * (last / second - 1),
    goal: 5,
    tenthsMB: tenths.map((median) => Math.round(median)).join(' '),
  });
  note('synchronous route, one at a time', {
    overheadMs: 1000 * (sequential - before.median),
    bareMs: 1000 * before.median,
  });
} finally {
  await server.stop();
}

/** Seconds a picture of the engine alone, encoding included. */
async function bareSeconds(): Promise<{ mean: number; median: number }> {
  const host = await createEngineHost({ model: demoModelPath });
  const seconds: number[] = [];
  for (let picture = 0; picture <= BARE_PICTURES; picture++) {
    const began = performance.now();
    const { images } = await host.generate({ prompt: body.prompt, width: side, height: side });
    await encodeImage(images[0], { format: 'jpeg', quality: 95 });
    if (picture > 0) seconds.push((performance.now() - began) / 1000); // the first one makes the sessions
  }
  await host.close();
  return { mean: seconds.reduce((sum, value) => sum + value, 0) / seconds.length, median: median(seconds) };
}

async function paint(url: string, key: string): Promise<void> {
  const reply = await fetch(`${url}/v1/playground-v2.5`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const bytes = await reply.arrayBuffer();
  if (!reply.ok) throw new Error(`${reply.status} ${Buffer.from(bytes).toString()}`);
}

async function sequentialSeconds({ url, devKey }: EaselServer): Promise<number> {
  const seconds: number[] = [];
  for (let picture = 0; picture < SEQUENTIAL; picture++) {
    const began = performance.now();
    await paint(url, devKey);
    seconds.push((performance.now() - began) / 1000);
  }
  return median(seconds);
}

async function underLoad(of: EaselServer) {
  const keys = await adminOf(of).accountsWithKeys(ACCOUNTS);
  const memory: number[] = [];
  let left = jobs;
  const client = async (key: string) => {
    while (left-- > 0) {
      await paint(of.url, key);
      memory.push(residentMegabytes(of.process.pid));
    }
  };
  let isOver = false;
  const watched = await aJob(of);
  const reading = readLatencies(of, watched, async () => (isOver ? 0 : Number.POSITIVE_INFINITY));
  const began = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(keys[index % ACCOUNTS] ?? '')));
  const perSecond = jobs / ((performance.now() - began) / 1000);
  isOver = true;
  return { perSecond, memory, reads: await reading };
}

async function aJob({ url, devKey }: EaselServer): Promise<string> {
  const reply = await fetch(`${url}/api/jobs?limit=1`, { headers: { 'x-api-key': devKey } });
  const page: unknown = await reply.json();
  const text = JSON.stringify(page);
  return /"id":"([0-9a-f-]{36})"/.exec(text)?.[1] ?? '';
}

/** Milliseconds of each read, twenty a second, until there are enough. */
async function readLatencies(
  { url, devKey }: EaselServer,
  id: string,
  wanted: () => Promise<number>,
): Promise<number[]> {
  const latencies: number[] = [];
  while (latencies.length < (await wanted())) {
    const began = performance.now();
    const reply = await fetch(`${url}/api/jobs/${id}`, { headers: { 'x-api-key': devKey } });
    await reply.arrayBuffer();
    if (!reply.ok) throw new Error(`GET /api/jobs/${id}: ${reply.status}`);
    latencies.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return latencies;
}

/** Linux only. */
function residentMegabytes(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}

function note(what: string, figures: Readonly<Record<string, number | string>>): void {
  const shown = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  console.log(JSON.stringify({ what, ...Object.fromEntries(shown) }));
}
