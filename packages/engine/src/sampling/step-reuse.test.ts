import { expect, test } from 'vitest';
import { reuseSteps } from './step-reuse.ts';

/** Answers as given, one for each time it is asked, and keeps the steps that it was asked at. */
function scripted(answers: readonly number[]) {
  const asked: number[] = [];
  const denoise = async (_x: Float32Array, _sigma: number, index: number) => {
    asked.push(index);
    return Float32Array.of(answers[index]);
  };
  return { asked, denoise };
}

/** Levels a factor e apart, so that each step is one unit of log σ. */
const sigmas = [5, 4, 3, 2, 1, 0].map(Math.exp);

async function answersOf(answers: readonly number[], threshold: number) {
  const { asked, denoise } = scripted(answers);
  let reused = 0;
  const reusing = reuseSteps(denoise, threshold, () => reused++);
  const given: number[] = [];
  for (const [index, sigma] of sigmas.entries()) {
    const [value] = await reusing(Float32Array.of(0), sigma, index);
    given.push(value);
  }
  return { asked, given, reused };
}

test('with the threshold 0 every step is asked, even where answers do not change', async () => {
  const { asked, reused } = await answersOf([1, 1, 1, 1, 1, 1], 0);
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  expect(reused).toBe(0);
});

test('an answer is given again for as many steps as its expected change stays within the threshold', async () => {
  // 10 % a step, so two steps from the last answer are 20 %
  const { asked, given, reused } = await answersOf([9, 10, 11, 12, 13, 14], 0.25);
  expect(asked).toEqual([0, 1, 4]);
  expect(given).toEqual([9, 10, 10, 10, 13, 13]);
  expect(reused).toBe(3);
});

test('answers that change by more than the threshold are never given again', async () => {
  const { asked } = await answersOf([1, 2, 4, 8, 16, 32], 0.4);
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
});

test('an answer that is given again is another array, so that a sampler may keep both', async () => {
  const { denoise } = scripted([1, 1, 1]);
  const reusing = reuseSteps(denoise, 0.5, () => undefined);
  const x = Float32Array.of(0);
  await reusing(x, sigmas[0], 0);
  const asked = await reusing(x, sigmas[1], 1);
  const again = await reusing(x, sigmas[2], 2);
  expect(again).toEqual(asked);
  expect(again).not.toBe(asked);
});
