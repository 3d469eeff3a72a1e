/**
 * Easel beside other CPU engines, on the same weights, in one interleaved run: seconds of a pass and of a picture, seconds until
 * ready, memory. Weights may be random (tools/fullsize): speed and memory do not depend on them.
 *
 *   npm run bench:peers -- MODEL [--cases unet-512,…] [--engines 'easel exact,…'] [--threads 2] [--rounds 3] [--avx2] [--results FILE.json]
 *
 * Every round of an engine is a process of its own; rounds are interleaved, the best run counts. A round that another program
 * disturbed at its start is put off. Finished rounds are kept in the results, and the next start goes on where this one stopped.
 * Beside the JSON the same in Markdown.
 * With --avx2 every engine sees a processor that has nothing beyond AVX2 (on Intel's, with gcc).
 * The Python engines get a virtual environment of their own; one that needs more memory than there is, is left out and said.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { childEnvironment } from '../../packages/engine/src/host/child-process.ts';
import { pythonWith } from '../../tests/support/python-venv.ts';
import { untilQuiet } from '../support/quiet.ts';
import { readResults, thisMachine, writeResults, writeTables } from '../support/results-file.ts';
import { type Round, runRound } from '../support/timed-process.ts';
import { type Case, cases, type Engine, engines } from './engines.ts';
import { markdown, type Results } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: cases.map(({ name }) => name).join(',') },
    engines: { type: 'string', default: engines.map(({ name }) => name).join(',') },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    avx2: { type: 'boolean', default: false },
    results: { type: 'string', default: 'bench/results/peers.json' },
  },
});
const [model] = positionals.map((given) => resolve(given));
if (model === undefined) throw new Error('give the folder of a full-size model; tools/fullsize makes one');
const threads = Number(values.threads);
/** Node.js has a handler for the same signal as that library, for WebAssembly. */
const nodeArguments = [
  '--conditions=@easel/source',
  '--disable-warning=ExperimentalWarning',
  ...(values.avx2 ? ['--disable-wasm-trap-handler'] : []),
];
const cache = fileURLToPath(new URL('../../.cache/peers/', import.meta.url));
const hidden = values.avx2 ? await compileHiding() : undefined;
const resultsFile = resolve(values.results);
const fresh: Results = { machine: thisMachine(), node: process.version, rows: {} };
const results = await readResults(resultsFile, fresh);
const chosen = (list: string) => new Set(list.split(',').map((name) => name.trim()));
const [chosenCases, chosenEngines] = [chosen(values.cases), chosen(values.engines)];

for (let round = 1; round <= Number(values.rounds); round++) {
  for (const each of cases.filter(({ name }) => chosenCases.has(name))) {
    for (const engine of engines.filter(({ name, kinds }) => chosenEngines.has(name) && kinds.includes(each.kind))) {
      await measure(engine, each, round);
    }
  }
}
await writeTables(resultsFile, markdown(results));

async function measure(engine: Engine, each: Case, round: number): Promise<void> {
  const key = `${each.name}, ${threads} threads${hidden === undefined ? '' : ', AVX2'}`;
  results.rows[key] ??= {};
  results.rows[key][engine.name] ??= { rounds: [] };
  const row = results.rows[key][engine.name] ?? { rounds: [] };
  if (row.rounds.length >= round || row.failure !== undefined) return;
  try {
    if (engine.needs * 1e9 > totalmem())
      throw new Error(`needs ${engine.needs} GB, there are ${(totalmem() / 1e9).toFixed(0)}`);
    const command = await commandOf(engine, each);
    if (engine.prepares) await prepare(command);
    await untilQuiet();
    const load = loadavg()[0] ?? 0;
    const measured: Round = await runRound(command, threads, { runs: each.runs, env: environmentOf(engine) });
    row.rounds.push({ ...measured, load, at: new Date().toISOString() });
    console.error(
      `${key}: ${engine.name}: ${Math.min(...measured.seconds).toFixed(2)} s, ready ${measured.ready.toFixed(1)} s`,
    );
  } catch (error) {
    row.failure = error instanceof Error ? error.message : String(error);
    console.error(`${key}: ${engine.name}: ${row.failure}`);
  }
  await writeResults(resultsFile, results);
}

async function commandOf({ program, command }: Engine, { kind, size, steps }: Case): Promise<string[]> {
  const interpreter =
    program === 'node'
      ? [process.execPath, ...nodeArguments]
      : [await pythonWith(fileURLToPath(new URL('requirements.txt', import.meta.url)))];
  const given = ['--size', size, '--steps', steps, '--threads', threads, '--cache', join(cache, 'models')];
  return [...interpreter, ...command, kind, model ?? '', ...given.map(String)];
}

/** Easel runs with the environment that its host gives to the engine's process. */
function environmentOf({ program }: Engine): NodeJS.ProcessEnv {
  const environment = program === 'node' ? childEnvironment(process.env) : process.env;
  return hidden === undefined ? environment : { ...environment, LD_PRELOAD: hidden };
}

/** The library that hides the instructions beyond AVX2 from a process. */
async function compileHiding(): Promise<string> {
  const library = join(cache, 'hold-to-avx2.so');
  await mkdir(cache, { recursive: true });
  const source = fileURLToPath(new URL('hold-to-avx2.c', import.meta.url));
  await promisify(execFile)('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source]);
  return library;
}

/** What an engine makes once, unless it is there, is made in a process of its own, so that its memory does not count. */
async function prepare(command: readonly string[]): Promise<void> {
  const [program = '', ...rest] = command;
  await promisify(execFile)(program, [...rest, '--prepare'], { maxBuffer: 2 ** 26 });
}
