/**
 * Keeps a whole installation at full load for hours, and compares the last tenth of the time with the second: memory, open files, tables,
 * processor time for a picture and the 99th percentile of the times of requests may be at most 5 % higher. The database's shared memory may
 * fill up to its setting. The exit status is 1 where something has grown. Below the comparison is every tenth, which shows whether a growth
 * goes on or comes to an end.
 *
 * A tenth's percentile is the median of those of its twenty parts: with one of the whole, eight seconds of another program beside it would
 * be a growth. That one is shown below, too, and how busy other programs kept the processors.
 *
 *   npm run test:soak -- [HOURS, default 2] [--clients 4] [--seed N]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import { median, quantile } from '../../bench/load/statistics.ts';
import { openDatabase } from '../../packages/server/src/database/database.ts';
import { serveEasel } from '../support/easel-server.ts';
import { type RequestKind, useAllDay } from './load.ts';
import { type ProcessorTimes, sampleProcessorTimes } from './processor-times.ts';
import { mostSharedMemory, type Sample, SHARED_MEMORY, sampleProcesses, sampleTables } from './samples.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: 'string', default: '4' }, seed: { type: 'string', default: '1' } },
});
const ms = Number(positionals[0] ?? 2) * 3_600_000;
const TENTHS = 10;
const MOST_GROWTH = 0.05;
/** Looks in each tenth. */
const LOOKS = 20;
/** Rows and pictures go in time for the second tenth to be as the last one. */
const keptSeconds = String(Math.max(1, Math.floor(ms / 1000 / TENTHS / 2)));

const server = await serveEasel({
  env: {
    EASEL_DEV_CREDITS: '1000000',
    EASEL_LIMITS_REQUESTS_PER_MINUTE: '1000000',
    EASEL_RETENTION_IMAGES_SECONDS: keptSeconds,
    EASEL_RETENTION_REQUESTS_SECONDS: keptSeconds,
  },
});
const { pid = 0 } = server.process;
// The server that runs already.
const postgres = await startEmbeddedPostgres({ dataDir: server.dataDir });
const postmaster = Number(readFileSync(join(server.dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
const database = openDatabase({ address: postgres.connection, poolSize: 1, onConnectionLost: () => {} });
const stop = new AbortController();
const parts = Array.from({ length: TENTHS * LOOKS }, newPart);
/** Until the end of each tenth; the first: until the beginning. */
const processorTimes = [await sampleProcessorTimes(pid, postmaster)];
const began = performance.now();
const current = () =>
  parts[Math.min(parts.length - 1, Math.floor(((performance.now() - began) / ms) * parts.length))] ?? newPart();

try {
  const clients = Array.from({ length: Number(values.clients) }, (_, index) =>
    useAllDay(server, {
      seed: Number(values.seed) + index,
      signal: stop.signal,
      onRequest(kind, took) {
        current().times[kind].push(took);
      },
    }),
  );
  await Promise.race([look(), Promise.all(clients)]);
  stop.abort();
  await Promise.all(clients);
  process.exitCode = report(await mostSharedMemory(database)) ? 0 : 1;
} finally {
  stop.abort();
  await database.close();
  await postgres.release();
  await server.stop();
}

/** Of a tenth: until the next look. */
interface Part {
  readonly samples: Sample[];
  /** Of requests, in milliseconds. */
  readonly times: Readonly<Record<RequestKind, number[]>>;
}

function newPart(): Part {
  return { samples: [], times: { 'a picture': [], 'a read': [] } };
}

async function look(): Promise<void> {
  for (let looks = 1; looks <= parts.length; looks += 1) {
    await sleep(Math.max(0, began + (looks * ms) / parts.length - performance.now()));
    const processes = await sampleProcesses(pid, postmaster);
    // Counting rows is work for the database.
    const tables = looks % (LOOKS / 4) === 0 ? await sampleTables(database) : {};
    parts[looks - 1]?.samples.push({ ...processes, ...tables });
    if (looks % LOOKS === 0) processorTimes.push(await sampleProcessorTimes(pid, postmaster));
  }
}

/** Prints what was seen. @returns whether nothing has grown */
function report(mostShared: number): boolean {
  const tenths = Array.from({ length: TENTHS }, (_, tenth) => figuresOf(tenth));
  const [second = {}, last = {}] = [tenths[1]?.compared, tenths.at(-1)?.compared];
  const pictures = parts.reduce((sum, { times }) => sum + times['a picture'].length, 0);
  console.log(`${(ms / 3_600_000).toFixed(2)} h, ${values.clients} clients, ${pictures} pictures`);
  console.log('| | second tenth | last tenth | change |\n|---|---|---|---|');
  const grown: string[] = [];
  for (const [name, before] of Object.entries(second)) {
    const after = last[name] ?? Number.NaN;
    const change = after / before - 1;
    // What cannot be compared is no success.
    if (!(name === SHARED_MEMORY ? after <= mostShared : change <= MOST_GROWTH)) grown.push(name);
    console.log(`| ${name} | ${shown(name, before)} | ${shown(name, after)} | ${(100 * change).toFixed(1)} % |`);
  }
  console.log(
    grown.length === 0 ? 'nothing has grown by more than 5 %' : `grown by more than 5 %: ${grown.join(', ')}`,
  );
  console.log(`The database's shared memory can be ${shown(SHARED_MEMORY, mostShared)}.\n`);
  console.log(`| |${tenths.map((_, tenth) => ` ${tenth + 1} |`).join('')}\n|---|${'---|'.repeat(TENTHS)}`);
  const all = tenths.map(({ compared, others }): Record<string, number> => ({ ...compared, ...others }));
  for (const name of Object.keys(all.at(-1) ?? {}))
    console.log(`| ${name} |${all.map((tenth) => ` ${shown(name, tenth[name] ?? Number.NaN)} |`).join('')}`);
  return grown.length === 0;
}

/** What is compared, and what is only shown. */
function figuresOf(tenth: number) {
  const own = parts.slice(tenth * LOOKS, (tenth + 1) * LOOKS);
  const samples = own.flatMap((part) => part.samples);
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  const means = [...names].map((name) => [name, mean(samples.flatMap((sample) => sample[name] ?? []))] as const);
  const kinds: readonly RequestKind[] = ['a picture', 'a read'];
  const slowest = kinds.map((kind) => {
    const each = own.flatMap(({ times }) => (times[kind].length > 0 ? [quantile(times[kind], 0.99)] : []));
    return [`p99 of ${kind}`, median(each)] as const;
  });
  const overall = kinds.map((kind) => {
    const all = own.flatMap(({ times }) => times[kind]);
    return [`p99 of ${kind}, of the whole tenth`, quantile(all, 0.99)] as const;
  });
  const pictures = own.reduce((sum, { times }) => sum + times['a picture'].length, 0);
  const { other, ...spent } = spentIn(tenth);
  const forPictures = Object.entries(spent).map(
    ([name, seconds]) => [`processor time of the ${name} for a picture`, (1000 * seconds) / pictures] as const,
  );
  const others = {
    ...Object.fromEntries(overall),
    'processors busy with other programs': (1000 * other * TENTHS) / ms,
  };
  return { compared: Object.fromEntries([...means, ...forPictures, ...slowest]), others };
}

function spentIn(tenth: number): ProcessorTimes {
  const [before, after] = [processorTimes[tenth], processorTimes[tenth + 1]];
  const during = (name: keyof ProcessorTimes) => (after?.[name] ?? Number.NaN) - (before?.[name] ?? Number.NaN);
  return {
    server: during('server'),
    engine: during('engine'),
    database: during('database'),
    other: during('other'),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shown(name: string, value: number): string {
  if (/^(?:p99|processor time)/.test(name)) return `${value.toFixed(1)} ms`;
  if (/^(?:open|processors)/.test(name)) return value.toFixed(2);
  return name.startsWith('bytes') ? value.toFixed(0) : `${(value / 1e6).toFixed(1)} MB`;
}
