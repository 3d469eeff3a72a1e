import { expect, test } from 'vitest';
import { createCudaGenerator } from '../random/cuda-generator.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { interpolateNoise, planRandomSources } from './random-sources.ts';

const COUNT = 64;

test('the noise of a sample is one stream: the latents’ first, then that of each step', () => {
  const [, second] = planRandomSources({ prompt: '', seed: 7, samples: 2 }, COUNT);
  const stream = createGenerator(8);
  for (let step = 0; step < 3; step++) expect(second?.noise()).toEqual(stream.randn(COUNT));
});

test('a shared stream draws one tensor for all samples at a time, in whichever order they come', () => {
  const [first, second] = planRandomSources({ prompt: '', seed: 7, samples: 2, generator: 'shared' }, COUNT);
  const stream = createGenerator(7);
  const tensors = [stream.randn(2 * COUNT), stream.randn(2 * COUNT), stream.randn(2 * COUNT)];
  for (const tensor of tensors) expect(first?.noise()).toEqual(tensor.slice(0, COUNT));
  for (const tensor of tensors) expect(second?.noise()).toEqual(tensor.slice(COUNT));
});

test('given latents stand for the first noise only', () => {
  const latents = new Float32Array(2 * COUNT).map((_, i) => i);
  const [, second] = planRandomSources({ prompt: '', seed: 7, samples: 2, latents }, COUNT);
  expect(second?.seed).toBeNull();
  expect(second?.noise()).toEqual(latents.slice(COUNT));
  expect(second?.noise()).toEqual(createGenerator(8).randn(COUNT));
});

test('a variation turns the starting noise of one seed toward those of others, and nothing else of its stream', () => {
  const request = { prompt: '', seed: 7, samples: 2, variationSeed: 90, variationStrength: 0.25 };
  const sources = planRandomSources(request, COUNT);
  expect(sources.map(({ seed, variationSeed }) => [seed, variationSeed])).toEqual([
    [7n, 90n],
    [7n, 91n],
  ]);
  for (const [index, { noise }] of sources.entries()) {
    const stream = createGenerator(7);
    expect(noise()).toEqual(interpolateNoise(stream.randn(COUNT), createGenerator(90 + index).randn(COUNT), 0.25));
    expect(noise()).toEqual(stream.randn(COUNT));
  }
});

test('a variation goes to the noise that the other seed has after encoding its start image', () => {
  const encodes = { start: true, masked: false };
  const request = { prompt: '', seed: 7, variationSeed: 90, variationStrength: 1 };
  const [varied] = planRandomSources(request, COUNT, encodes);
  const [other] = planRandomSources({ prompt: '', seed: 90 }, COUNT, encodes);
  expect(varied?.generator.randn(COUNT)).toEqual(createGenerator(7).randn(COUNT));
  other?.generator.randn(COUNT);
  expect(varied?.noise()).toEqual(other?.noise());
});

test('without strength there is no variation: sample k has the noise of seed + k', () => {
  const plain = planRandomSources({ prompt: '', seed: 7, samples: 2 }, COUNT);
  const still = planRandomSources({ prompt: '', seed: 7, samples: 2, variationSeed: 3, variationStrength: 0 }, COUNT);
  expect(still.map(({ seed, variationSeed }) => [seed, variationSeed])).toEqual([
    [7n, undefined],
    [8n, undefined],
  ]);
  for (const [index, source] of plain.entries()) expect(still[index]?.noise()).toEqual(source.noise());
});

test('a variation without a seed of its own gets one, which makes it again', () => {
  const [drawn] = planRandomSources({ prompt: '', seed: 7, variationStrength: 0.5 }, COUNT);
  const variationSeed = drawn?.variationSeed;
  if (variationSeed === undefined) throw new Error('no seed was drawn');
  const [again] = planRandomSources({ prompt: '', seed: 7, variationSeed, variationStrength: 0.5 }, COUNT);
  expect(again?.noise()).toEqual(drawn.noise());
});

test.each([
  [{ variationStrength: 1.5 }, /variationStrength must be a number between 0 and 1/],
  [{ variationStrength: Number.NaN }, /variationStrength must be a number/],
  [{ variationSeed: 0.5 }, /variationSeed must be an integer/],
  [{ variationStrength: 0.5, generator: 'shared' }, /a shared generator has no variations/],
  [{ variationStrength: 0.5, latents: new Float32Array(COUNT) }, /latents have no seed to vary/],
] as const)('%o is refused', (fields, message) => {
  expect(() => planRandomSources({ prompt: '', ...fields }, COUNT)).toThrow(message);
});

/**
 * By NumPy in float64, of `a = np.sin(np.arange(16)).astype(np.float32)` and `b = np.cos(3 * np.arange(16)).astype(np.float32)`:
 * `w = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))`, `(np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)`.
 */
const interpolated = {
  0.25: [
    0.3888589, 0.3988954, 1.220416, -0.2228424, -0.3768507, -1.188686, -0.003516319, 0.399019, 1.086571, 0.2703035,
    -0.4467947, -0.9366924, -0.5495983, 0.4950883, 0.7672513, 0.8100444,
  ],
  0.5: [
    0.7165531, -0.1064236, 1.339573, -0.5517532, 0.06237699, -1.231477, 0.272936, 0.07828868, 1.012874, 0.08597181,
    -0.2792907, -0.7260596, -0.4761758, 0.4921358, 0.4232121, 0.8423868,
  ],
};

test('noise is interpolated on the arc between two noises, as NumPy computes it', () => {
  const one = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  const other = Float32Array.from({ length: 16 }, (_, i) => Math.cos(3 * i));
  for (const [strength, expected] of Object.entries(interpolated)) {
    for (const [i, value] of interpolateNoise(one, other, Number(strength)).entries())
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
  }
  expect(interpolateNoise(one, other, 0)).toEqual(one);
  expect(interpolateNoise(one, other, 1)).toEqual(other);
  expect(interpolateNoise(one, one, 0.3)).toEqual(one);
});

test('in between, the noise still has the variance of noise', () => {
  const count = 4 * 128 * 128;
  const [one, other] = [createGenerator(1).randn(count), createGenerator(2).randn(count)];
  const varied = interpolateNoise(one, other, 0.5);
  expect(varied.reduce((sum, value) => sum + value ** 2, 0) / count).toBeCloseTo(1, 1);
});

test('the noise is that of a CUDA card of so many threads where the request names them', () => {
  const [one, two] = planRandomSources({ prompt: '', seed: 7, samples: 2, cudaThreads: 2048 }, COUNT);
  const stream = createCudaGenerator(8, 2048);
  expect(two?.generator.randn(COUNT)).toEqual(stream.randn(COUNT));
  expect(two?.noise()).toEqual(stream.randn(COUNT));
  expect(one?.noise()).not.toEqual(createGenerator(7).randn(COUNT));
  const shared = { prompt: '', seed: 7, samples: 2, generator: 'shared', cudaThreads: 2048 } as const;
  expect(planRandomSources(shared, COUNT)[1]?.noise()).toEqual(
    createCudaGenerator(7, 2048)
      .randn(2 * COUNT)
      .slice(COUNT),
  );
  for (const cudaThreads of [0, 1.5, Number.NaN, 2 ** 30])
    expect(() => planRandomSources({ prompt: '', cudaThreads }, COUNT)).toThrow(/cudaThreads must be a whole number/);
});
