import { expect, test } from 'vitest';
import { createCudaGenerator } from '../random/cuda-generator.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { planRandomSources } from './random-sources.ts';

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
