import {
  type DecodedPicture,
  loadModel,
  type PictureDistance,
  type Profile,
  pictureDistance,
  summarizeDistances,
} from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { Judge } from './adherence/judge.ts';

/**
 * What the profiles may cost in quality. The floors are about twice as far from equal pictures as what is measured; docs/performance.md has
 * the figures for 64 prompts.
 */
const prompts = [
  { prompt: 'a red apple on a blue background', objects: ['apple'] },
  { prompt: 'a panda in the snow', objects: ['panda'] },
  { prompt: 'a dog and a cat', objects: ['cat', 'dog'] },
  { prompt: 'pixel art of a house by the sea', objects: ['house'] },
  { prompt: 'line art of a guitar', objects: ['guitar'] },
];

const pictures: Record<Profile, DecodedPicture[]> = { exact: [], int8: [], fast: [] };
let passes = { full: 0, exact: 0 };

beforeAll(async () => {
  const model = await loadModel(demoModelPath);
  for (const [seed, { prompt }] of prompts.entries())
    for (const profile of ['exact', 'int8', 'fast'] as const) {
      const { images, used } = await model.generate({ prompt, seed, profile });
      pictures[profile].push(images[0]);
      const { full = 0, exact = 0 } = used.acceleration?.passes ?? {};
      passes = { full: passes.full + full, exact: passes.exact + exact };
    }
  await model.close();
}, 600_000);

function distancesOf(profile: Profile): readonly PictureDistance[] {
  return pictures[profile].map((picture, index) => pictureDistance(pictures.exact[index], picture));
}

test.each([
  [
    'int8',
    { median: { msSsim: 0.9965, psnr: 33.5, ciede2000: 1.05 }, worst: { msSsim: 0.992, psnr: 30, ciede2000: 1.45 } },
  ],
  ['fast', { median: { msSsim: 0.975, psnr: 27, ciede2000: 2.2 }, worst: { msSsim: 0.97, psnr: 25, ciede2000: 3.5 } }],
] as const)('%s draws nearly the picture that exact draws', (profile, floors) => {
  const summary = summarizeDistances(distancesOf(profile));
  for (const which of ['median', 'worst'] as const) {
    const { msSsim, psnr, ciede2000 } = floors[which];
    expect(summary.msSsim[which], `MS-SSIM, ${which}`).toBeGreaterThan(msSsim);
    expect(summary.psnr[which], `PSNR, ${which}`).toBeGreaterThan(psnr);
    expect(summary.ciede2000[which], `CIEDE2000, ${which}`).toBeLessThan(ciede2000);
    expect(summary.ciede2000[which], 'it is another picture').toBeGreaterThan(0);
  }
});

test('in each profile the judge sees the same object, number, background and style', async () => {
  const judge = await Judge.open();
  onTestFinished(() => judge.close());
  const seen = new Set<string>();
  for (const [index, asked] of prompts.entries()) {
    const question = { ...asked, background: null, style: '', kind: '' };
    const [exact, int8, fast] = await Promise.all(
      (['exact', 'int8', 'fast'] as const).map((profile) => judge.verdict(pictures[profile][index], question)),
    );
    expect([int8.seen, fast.seen], asked.prompt).toEqual([exact.seen, exact.seen]);
    seen.add(exact.seen);
  }
  expect(seen.size, 'it tells the pictures apart').toBe(prompts.length);
});

test('fast leaves less than half of the full passes', () => {
  expect(passes.full / passes.exact).toBeLessThan(0.45);
});

test('pictures of different prompts are far apart: the measures do see a difference', () => {
  const { msSsim, psnr, ciede2000 } = pictureDistance(pictures.exact[0], pictures.exact[1]);
  expect(msSsim).toBeLessThan(0.7);
  expect(psnr).toBeLessThan(15);
  expect(ciede2000).toBeGreaterThan(10);
});
