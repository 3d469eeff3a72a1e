/**
 * What each way to spend fewer passes costs in quality and saves in arithmetic, with the embedded model: every prompt is drawn with and
 * without it, and the pictures are compared. Nothing is timed, so the machine may be busy.
 *
 *   npm run bench:fewer-passes -- [--prompts N, default 16] [--set '{"cacheInterval":3,"steps":20}' ...] [--json FILE]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoModelPath } from '@easel/models';
import { parseUNetConfig, type UNetConfig } from '../../packages/engine/src/components/unet/config.ts';
import { type Acceleration, loadModel, type PassCounts } from '../../packages/engine/src/index.ts';
import { JsonConfig } from '../../packages/engine/src/json-config.ts';
import { readQuestions, seedOf } from '../../tests/adherence/questions.ts';
import { ciede2000, msSsim, type Picture, psnr } from '../../tests/support/picture-distance.ts';
import { operationsOf } from './operations.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string', default: '16' },
    set: { type: 'string', multiple: true },
    json: { type: 'string' },
  },
});
const count = Number(values.prompts);
const given: readonly Way[] | undefined = values.set?.map((text) => JSON.parse(text));

/** Options, and for comparison fewer steps. */
type Way = Acceleration & { readonly steps?: number };

/** One at a time. */
const ways: readonly Way[] = given ?? [
  ...[20, 15, 12, 10, 8].map((steps) => ({ steps })),
  ...[0.8, 0.6, 0.5, 0.4].map((guidanceUntil) => ({ guidanceUntil })),
  ...[0.1, 0.3, 1].map((guidanceSigmaMin) => ({ guidanceSigmaMin })),
  ...[20, 5].map((guidanceSigmaMax) => ({ guidanceSigmaMax })),
  ...[0.02, 0.05, 0.1, 0.2].map((reuseThreshold) => ({ reuseThreshold })),
  ...[0, 1, 2, 3].map((cacheBranch) => ({ cacheInterval: 2, cacheBranch })),
  ...[1, 2, 3].map((cacheBranch) => ({ cacheInterval: 3, cacheBranch })),
  ...[0.8, 0.6, 0.4].map((crossAttentionUntil) => ({ crossAttentionUntil })),
];

interface Row {
  readonly way: Way;
  /** A picture, in passes of the whole network. */
  readonly passes: PassCounts;
  /** Of the arithmetic without acceleration: of the embedded model as drawn, and of SDXL's UNet at 1024×1024. */
  readonly share: { readonly demo: number; readonly sdxl: number };
  readonly msSsim: Quality;
  readonly ciede2000: Quality;
  readonly psnr: Quality;
}

interface Quality {
  readonly mean: number;
  /** Of the picture that suffers most. */
  readonly worst: number;
}

const demoConfig = parseUNetConfig(await JsonConfig.read(join(demoModelPath, 'unet', 'config.json')));
const sdxlConfig = parseUNetConfig(
  new JsonConfig(JSON.parse(await readFile(new URL('sdxl-unet.json', import.meta.url), 'utf8')), 'sdxl-unet.json'),
);
const { single, several } = await readQuestions();
const prompts = [...single, ...several]
  .filter((_, index, all) => index % Math.ceil(all.length / count) === 0)
  .map(({ prompt }, index) => ({ prompt, seed: seedOf(index) }));
const model = await loadModel(demoModelPath);
const side = model.info.defaults.width / 8;
const exactPasses = 2 * model.info.defaults.steps;
const exact: Picture[] = [];
for (const prompt of prompts) exact.push((await model.generate(prompt)).images[0]);
const rows: Row[] = [];
for (const way of ways) {
  const row = await measure(way);
  rows.push(row);
  console.log(line(row));
}
await model.close();
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ prompts: prompts.length, rows }, null, 1)}\n`);

async function measure(way: Way): Promise<Row> {
  const { steps, ...acceleration } = way;
  const request = { acceleration, ...(steps !== undefined && { steps }) };
  const drawn: { readonly picture: Picture; readonly passes: PassCounts }[] = [];
  for (const prompt of prompts) {
    const { images, used } = await model.generate({ ...prompt, ...request });
    if (!used.acceleration) throw new Error('the run does not tell its passes');
    drawn.push({ picture: images[0], passes: used.acceleration.passes });
  }
  const mean = (kind: keyof PassCounts) => drawn.reduce((sum, { passes }) => sum + passes[kind], 0) / drawn.length;
  const passes = { full: mean('full'), gated: mean('gated'), shallow: mean('shallow'), exact: exactPasses };
  const each = (distance: (a: Picture, b: Picture) => number) =>
    drawn.map(({ picture }, index) => distance(exact[index], picture));
  return {
    way,
    passes,
    share: {
      demo: shareOf(demoConfig, side, acceleration, passes),
      sdxl: shareOf(sdxlConfig, 128, acceleration, passes),
    },
    msSsim: quality(each(msSsim), Math.min),
    ciede2000: quality(each(ciede2000), Math.max),
    psnr: quality(each(psnr), Math.min),
  };
}

function shareOf(
  config: UNetConfig,
  latentSide: number,
  { cacheInterval = 1, cacheBranch = demoConfig.layersPerBlock }: Acceleration,
  passes: PassCounts,
): number {
  const branch = branchLike(cacheBranch, config);
  const full = operationsOf(config, latentSide);
  const gated = operationsOf(config, latentSide, { crossAttention: 'given' });
  const shallow = operationsOf(config, latentSide, { half: 'shallow', branch });
  const twice = operationsOf(config, latentSide, { half: 'deep', branch }) + shallow - full; // what both halves compute
  const split = cacheInterval > 1 ? twice : 0;
  return (
    (passes.full * (full + split) + passes.gated * (gated + split) + passes.shallow * shallow) / (passes.exact * full)
  );
}

/** The branch of a network that lies where one of the embedded model's does: in the same level, in its last layer or before. */
function branchLike(branch: number, { layersPerBlock }: UNetConfig): number {
  const own = demoConfig.layersPerBlock;
  const level = Math.floor(branch / (own + 1));
  return level * (layersPerBlock + 1) + (branch % (own + 1) === own ? layersPerBlock : 0);
}

function quality(values: readonly number[], worst: (...values: number[]) => number): Quality {
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, worst: worst(...values) };
}

function line({ way, passes, share, ...qualities }: Row): string {
  const two = ({ mean, worst }: Quality, digits: number) => `${mean.toFixed(digits)} (${worst.toFixed(digits)})`;
  const parts = [
    JSON.stringify(way),
    `passes ${passes.full.toFixed(1)} + ${passes.gated.toFixed(1)} gated + ${passes.shallow.toFixed(1)} shallow of ${passes.exact}`,
    `arithmetic ${(100 * share.demo).toFixed(0)} %, SDXL ${(100 * share.sdxl).toFixed(0)} %`,
    `MS-SSIM ${two(qualities.msSsim, 3)}`,
    `CIEDE2000 ${two(qualities.ciede2000, 2)}`,
    `PSNR ${two(qualities.psnr, 1)}`,
  ];
  return parts.join(' · ');
}
