/**
 * Keeps a whole installation at full load for hours, and compares the last tenth of the time with the second: memory, open files, tables
 * and the 99th percentile of the times of requests may be at most 5 % higher. The database's shared memory may fill up to its setting. The
 * exit status is 1 where something has grown. Below the comparison is every tenth, which shows whether a growth goes on or comes to an end.
 *
 *   npm run test:soak -- [HOURS, default 2] [--clients 4] [--seed N]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import { quantile } from '../../bench/load/statistics.ts';
import { openDatabase } from '../../packages/server/src/database/database.ts';
import { serveEasel } from '../support/easel-server.ts';
import { type RequestKind, useAllDay } from './load.ts';
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
const tenths = Array.from({ length: TENTHS }, newTenth);
const began = performance.now();
const current = () =>
  tenths[Math.min(TENTHS - 1, Math.floor(((performance.now() - began) / ms) * TENTHS))] ?? newTenth();

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

interface Tenth {
  readonly samples: Sample[];
  /** Of requests, in milliseconds. */
  readonly times: Readonly<Record<RequestKind, number[]>>;
}

function newTenth(): Tenth {
  return { samples: [], times: { 'a picture': [], 'a read': [] } };
}

async function look(): Promise<void> {
  for (let looks = 1; looks <= TENTHS * LOOKS; looks += 1) {
    await sleep(Math.max(0, began + (looks * ms) / (TENTHS * LOOKS) - performance.now()));
    const processes = await sampleProcesses(pid, postmaster);
    // Counting rows is work for the database.
    const tables = looks % (LOOKS / 4) === 0 ? await sampleTables(database) : {};
    current().samples.push({ ...processes, ...tables });
  }
}

/** Prints what was seen. @returns whether nothing has grown */
function report(mostShared: number): boolean {
  const figures = tenths.map(figuresOf);
  const [second = {}, last = {}] = [figures[1], figures.at(-1)];
  const pictures = tenths.reduce((sum, { times }) => sum + times['a picture'].length, 0);
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
  console.log(`| |${figures.map((_, tenth) => ` ${tenth + 1} |`).join('')}\n|---|${'---|'.repeat(TENTHS)}`);
  for (const name of Object.keys(last))
    console.log(`| ${name} |${figures.map((tenth) => ` ${shown(name, tenth[name] ?? Number.NaN)} |`).join('')}`);
  return grown.length === 0;
}

function figuresOf({ samples, times }: Tenth): Record<string, number> {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  const means = [...names].map((name) => {
    const own = samples.flatMap((sample) => sample[name] ?? []);
    return [name, own.reduce((sum, value) => sum + value, 0) / own.length] as const;
  });
  const slowest = Object.entries(times).map(([kind, all]) => [`p99 of ${kind}`, quantile(all, 0.99)] as const);
  return Object.fromEntries([...means, ...slowest]);
}

function shown(name: string, value: number): string {
  if (name.startsWith('p99')) return `${value.toFixed(1)} ms`;
  if (name.startsWith('open')) return value.toFixed(1);
  return name.startsWith('bytes') ? value.toFixed(0) : `${(value / 1e6).toFixed(1)} MB`;
}
