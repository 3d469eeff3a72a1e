import { expect, test } from 'vitest';
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
