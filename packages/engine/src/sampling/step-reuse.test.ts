import { expect, test } from 'vitest';
import { reuseSteps } from './step-reuse.ts';

/** Returns the given answers, one per call, and records the steps at which it is called. */
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

interface Script {
  readonly answers: readonly number[];
  readonly threshold: number;
  /** The mode of each step; absent: the same for all. */
  readonly regimes?: string;
  /** For each step: `x` where the answer is not comparable; absent: all are. */
  readonly kept?: string;
}

async function answersOf({ answers, threshold, regimes = '', kept = '' }: Script) {
  const { asked, denoise } = scripted(answers);
  let reused = 0;
  const reusing = reuseSteps(denoise, {
    threshold,
    comparisonGroupOf: (index) => regimes[index],
    isLastAnswerComparable: () => kept[asked.at(-1) ?? 0] !== 'x',
    onReuse: () => reused++,
  });
  const given: number[] = [];
  for (const [index, sigma] of sigmas.entries()) {
    const [value] = await reusing(Float32Array.of(0), sigma, index);
    given.push(value);
  }
  return { asked, given, reused };
}

test('with the threshold 0 every step is asked, even where answers do not change', async () => {
  const { asked, reused } = await answersOf({ answers: [1, 1, 1, 1, 1, 1], threshold: 0 });
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  expect(reused).toBe(0);
});

test('an answer is given again for as many steps as its expected change stays within the threshold', async () => {
  // 10 % a step, so two steps from the last answer are 20 %
  const { asked, given, reused } = await answersOf({ answers: [9, 10, 11, 12, 13, 14], threshold: 0.25 });
  expect(asked).toEqual([0, 1, 4]);
  expect(given).toEqual([9, 10, 10, 10, 13, 13]);
  expect(reused).toBe(3);
});

test('answers that change by more than the threshold are never given again', async () => {
  const { asked } = await answersOf({ answers: [1, 2, 4, 8, 16, 32], threshold: 0.4 });
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
});

test('an answer is given again at most twice, however little it is expected to change', async () => {
  const { asked } = await answersOf({ answers: [1, 1, 1, 1, 1, 1], threshold: 0.1 });
  expect(asked).toEqual([0, 1, 4]);
});

test('an answer is not given again in another regime, nor measured against those before', async () => {
  const { asked } = await answersOf({ answers: [1, 1, 1, 1, 1, 1], threshold: 0.1, regimes: 'uuuggg' });
  expect(asked).toEqual([0, 1, 3, 4]);
});

test('answers that are no measure do not make it believe that little changes', async () => {
  // steps 1 and 3 repeat what came before them, the others double
  const script = { answers: [1, 1, 2, 2, 4, 4], kept: '.x.x.x' };
  expect((await answersOf({ ...script, threshold: 0.1 })).asked).toEqual([0, 1, 2, 3, 4, 5]);
  expect((await answersOf({ answers: script.answers, threshold: 0.1 })).asked).toEqual([0, 1, 4, 5]);
});

test('an answer that is given again is another array, so that a sampler may keep both', async () => {
  const { denoise } = scripted([1, 1, 1]);
  const reusing = reuseSteps(denoise, {
    threshold: 0.5,
    comparisonGroupOf: () => undefined,
    isLastAnswerComparable: () => true,
    onReuse: () => undefined,
  });
  const x = Float32Array.of(0);
  await reusing(x, sigmas[0], 0);
  const asked = await reusing(x, sigmas[1], 1);
  const again = await reusing(x, sigmas[2], 2);
  expect(again).toEqual(asked);
  expect(again).not.toBe(asked);
});
