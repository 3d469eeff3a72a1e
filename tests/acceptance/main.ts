/**
 * Runs every case of a set of golden pictures through the command line and compares pixel by pixel: at most one level apart
 * in at most 0.5 % of the values. tools/goldens makes such sets, with any weights, prompts and sizes.
 *
 *   npm run acceptance -- SET [--model PATH] [--only ID]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { decodeImage, encodeImage } from '../../packages/engine/src/index.ts';
import { readFixture } from '../../packages/engine/test/fixtures.ts';
import { type AcceptanceCase, flagsOf } from './case-flags.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, only: { type: 'string' } },
});
const [set] = positionals.map((given) => resolve(given));
if (set === undefined) throw new Error('give the folder of a golden set');
const model = resolve(values.model ?? join(set, 'model'));
const { cases } = JSON.parse(await readFile(join(set, 'manifest.json'), 'utf8'));
const easel = fileURLToPath(new URL('../../easel', import.meta.url));
let failures = 0;
for (const id of cases) {
  if (values.only !== undefined && id !== values.only) continue;
  const verdict = await runCase(id).catch((error: Error) => ({ passed: false, figures: error.message }));
  if (!verdict.passed) failures++;
  console.log(`${verdict.passed ? 'same  ' : 'DIFFER'} ${id}: ${verdict.figures}`);
}
console.log(`${failures} of ${cases.length} cases differ`);
process.exitCode = failures > 0 ? 1 : 0;

async function runCase(id: string): Promise<{ passed: boolean; figures: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-acceptance-'));
  try {
    const golden: AcceptanceCase = JSON.parse(await readFile(join(set, 'cases', `${id}.json`), 'utf8'));
    const tensors = readFixture(join(set, 'cases', `${id}.safetensors`));
    const pixels = tensors.get('image_u8');
    if (!(pixels?.data instanceof Uint8Array)) throw new Error('the case has no pictures');
    const input = tensors.get('input_image_u8');
    const picture = join(folder, 'input.png');
    if (input?.data instanceof Uint8Array) {
      const [height = 0, width = 0] = input.shape;
      await writeFile(picture, await encodeImage({ width, height, data: input.data }, { format: 'png' }));
    }
    const files = await generate(golden, { folder, ...(input && { picture }) });
    const made = await Promise.all(files.map(async (file) => decodeImage(await readFile(file))));
    const all = Buffer.concat(made.map(({ data }) => data));
    return compare(all, pixels.data);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One picture a seed where the reference used a list of generators; else one run. Returns the files in order. */
async function generate(golden: AcceptanceCase, { folder, picture }: { folder: string; picture?: string }) {
  const runs = golden.seeds ? golden.seeds.map((seed) => ({ ...golden, seed, samples: 1 })) : [golden];
  const files: string[] = [];
  for (const [index, run] of runs.entries()) {
    const output = join(folder, `${index}.png`);
    const flags = [...flagsOf(run), ...(picture === undefined ? [] : ['--image', picture])];
    const fixed = ['generate', '--model', model, '--format', 'png', '--output', output, '--quiet', '--threads', '2'];
    const { stdout } = await promisify(execFile)(easel, [...fixed, ...flags, '--', run.prompt]);
    files.push(...stdout.trim().split('\n'));
  }
  return files;
}

function compare(made: Uint8Array, expected: Uint8Array): { passed: boolean; figures: string } {
  if (made.length !== expected.length)
    return { passed: false, figures: `${made.length} values for ${expected.length}` };
  let [largest, differing] = [0, 0];
  expected.forEach((value, index) => {
    const difference = Math.abs(value - made[index]);
    largest = Math.max(largest, difference);
    if (difference > 0) differing++;
  });
  const share = differing / expected.length;
  const figures = `at most ${largest} levels apart, ${(100 * share).toFixed(4)} % of ${expected.length} values`;
  return { passed: largest <= 1 && share <= 0.005, figures };
}
