/**
 * Where the time of a pass goes, by ONNX Runtime's own profiler: the share of each operator, and the shapes that take longest.
 *
 *   npm run bench:operators -- MODEL [--int8-file FILE] [--part unet|vae] [--precision exact|int8] [--size 512] [--threads 2] [--shapes 10] [--json FILE]
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Precision, precisions } from '../../packages/engine/src/index.ts';
import { prepareProfiledPass } from '../precision/part-pass.ts';
import { type Node, nodesOfFastestRun, summary } from './summary.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'int8-file': { type: 'string' },
    part: { type: 'string', default: 'unet' },
    precision: { type: 'string', default: 'exact' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '2' },
    shapes: { type: 'string', default: '10' },
    json: { type: 'string' },
  },
});
const [model] = positionals.map((given) => resolve(given));
if (model === undefined) throw new Error('give a model; its 8-bit weights are made with: easel model quantize MODEL');
const precision = precisions.find((name) => name === values.precision);
if (precision === undefined) throw new Error(`--precision is ${precisions.join(' or ')}`);
const int8File = values['int8-file'];
const load = loadavg()[0] ?? 0;
const nodes = await profile(precision, Number(values.runs));
const { json, 'int8-file': _, ...settings } = values;
const found = { ...settings, cpu: cpus()[0]?.model ?? '', load, ...summary(nodes, Number(values.shapes)) };
const percent = (microseconds: number) => `${((100 * microseconds) / found.total).toFixed(1)} %`;
console.log(
  `${values.part}, ${values.precision}, ${values.size}×${values.size}, ${values.threads} threads, load ${load.toFixed(1)}:`,
);
console.log(`${(found.total / 1e6).toFixed(2)} s in ${nodes.length} operators\n`);
console.log('| operator | nodes | s | share |\n|---|---|---|---|');
for (const { operator, count, microseconds } of found.operators)
  console.log(`| ${operator} | ${count} | ${(microseconds / 1e6).toFixed(3)} | ${percent(microseconds)} |`);
console.log('\n| operator and shapes of its inputs | nodes | s | share |\n|---|---|---|---|');
for (const { operator, shapes, count, microseconds } of found.heaviest)
  console.log(`| ${operator} ${shapes} | ${count} | ${(microseconds / 1e6).toFixed(3)} | ${percent(microseconds)} |`);
if (json !== undefined) await writeFile(json, `${JSON.stringify(found, null, 1)}\n`);

/** The first run touches the weights for the first time; of the others the fastest counts. */
async function profile(precision: Precision, runs: number): Promise<readonly Node[]> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-operators-'));
  try {
    const { run, end } = await prepareProfiledPass(
      {
        model: model ?? '',
        part: values.part,
        size: Number(values.size),
        threads: Number(values.threads),
        precision,
        ...(int8File !== undefined && { int8File: resolve(int8File) }),
      },
      join(folder, 'profile'),
    );
    for (let done = 0; done <= runs; done++) await run();
    await end();
    const [file = ''] = await readdir(folder);
    return nodesOfFastestRun(JSON.parse(await readFile(join(folder, file), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
