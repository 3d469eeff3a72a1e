/**
 * How time and memory grow: over pixels (a pass of the UNet, a decode of the VAE), steps and samples (whole pictures), threads, and processes of one
 * thread against threads of one process. For both precisions, with the arithmetic limit of the machine, which is measured in the same
 * run: no pass can be faster than its multiplications at the rate of one large product.
 *
 *   npm run bench:scaling -- MODEL [--int8-file FILE] [--only limit,pixels,…] [--minutes N] [--results FILE.json]
 *
 * Every row is a process of its own, held to as many processors as it has threads, and starts when other programs are quiet. Finished rows
 * are kept, and the next start goes on with the others; with --minutes no row is started after that time. Beside the JSON the same in Markdown;
 * `npm run bench:plots` draws it.
 */
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import { operationsOf } from '../../packages/engine/src/components/operations.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../../packages/engine/src/families/sdxl-architecture.ts';
import { engineThreads } from '../../packages/engine/src/index.ts';
import { untilQuiet } from '../support/quiet.ts';
import { readResults, thisMachine, writeResults, writeTables } from '../support/results-file.ts';
import { firstProcessors, type Round, startTimed } from '../support/timed-process.ts';
import { type Measured, markdown, type Results } from './report.ts';
import { type Axis, axes, nameOf, type Row, rowsOf } from './rows.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'int8-file': { type: 'string' },
    only: { type: 'string', default: axes.join(',') },
    minutes: { type: 'string', default: 'Infinity' },
    results: { type: 'string', default: 'bench/results/scaling.json' },
  },
});
const [model] = positionals.map((given) => resolve(given));
if (model === undefined) throw new Error('give the folder of a full-size model; tools/fullsize makes one');
const int8File = values['int8-file'];
const wanted = values.only.split(',');
const cores = engineThreads();
const resultsFile = resolve(values.results);
const fresh: Results = { machine: thisMachine(), node: process.version, cores, rows: {} };
const results = await readResults(resultsFile, fresh);
const { unet, vae } = await networks(model);
const began = performance.now();

for (const axis of axes.filter((name: Axis) => wanted.includes(name))) {
  for (const row of rowsOf(axis, cores)) {
    const name = nameOf(row);
    if (results.rows[name] !== undefined) continue;
    if (performance.now() - began > Number(values.minutes) * 60_000) break;
    await untilQuiet();
    const measured = await measure(row);
    results.rows[name] = measured;
    await writeResults(resultsFile, results);
    console.error(`${name}: ${measured.seconds.toFixed(2)} s, peak ${measured.peakResident.toFixed(2)} GB`);
  }
}
await writeTables(resultsFile, markdown(results));

async function measure(row: Row): Promise<Measured> {
  const load = loadavg()[0] ?? 0;
  const rounds = await runTogether(row);
  const [seconds, sum] = [slowest(rounds), (of: (round: Round) => number) => rounds.reduce((all, r) => all + of(r), 0)];
  return {
    ...row,
    seconds,
    first: Math.max(...rounds.map(({ first }) => first)),
    ready: Math.max(...rounds.map(({ ready }) => ready)),
    peakAnonymous: sum(({ peakAnonymous }) => peakAnonymous),
    peakResident: Math.max(...rounds.map(({ peakResident }) => peakResident)),
    operations: operationsOfRow(row),
    load,
    at: new Date().toISOString(),
  };
}

/** All processes run at the same time, each on processors of its own. */
async function runTogether(row: Row): Promise<Round[]> {
  const job = JSON.stringify({ ...row, model, ...(int8File !== undefined && { int8File: resolve(int8File) }) });
  const program = fileURLToPath(new URL('work.ts', import.meta.url));
  const command = [
    process.execPath,
    '--conditions=@easel/source',
    '--disable-warning=ExperimentalWarning',
    program,
    job,
  ];
  const processors = firstProcessors(row.threads * row.processes);
  const places = firstProcessors(row.processes).map((index) =>
    processors.slice(index * row.threads, (index + 1) * row.threads),
  );
  const workers = await Promise.all(places.map((place) => startTimed(command, place)));
  try {
    const runs: number[][] = [];
    for (let run = 0; run <= row.runs; run++) runs.push(await Promise.all(workers.map((worker) => worker.run())));
    return workers.map((worker, index) => {
      const [first = 0, ...counted] = runs.map((seconds) => seconds[index] ?? 0);
      return { ready: worker.ready, first, seconds: counted.length > 0 ? counted : [first], ...worker.peaks() };
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** The best run; of several processes that of the slowest. */
function slowest(rounds: readonly Round[]): number {
  return Math.max(...rounds.map(({ seconds }) => Math.min(...seconds)));
}

function operationsOfRow({ part, size }: Row): Measured['operations'] {
  const latents = { batch: 1, height: size / 8, width: size / 8 };
  if (part === 'unet') return operationsOf((of) => unet.build({ ...latents, tokens: 77 }, of));
  if (part === 'vae') return operationsOf((of) => vae.build(latents, of));
  return undefined;
}

async function networks(path: string) {
  const { denoiser, decoder } = sdxlNetworks(parseSdxlConfigs((await openCheckpoint(path)).components));
  return { unet: denoiser, vae: decoder };
}
