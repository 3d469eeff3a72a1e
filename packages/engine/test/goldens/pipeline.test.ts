import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TextStates } from '../../src/components/unet/unet.ts';
import { assembleModel, type RunnableModel } from '../../src/loading/assemble-model.ts';
import type { GenerateResult } from '../../src/model.ts';
import type { Prediction } from '../../src/pipeline/guidance.ts';
import { floatsOf, maxAbsDifference } from '../fixtures.ts';
import { caseIds, type GoldenCase, goldenCase } from './cases.ts';
import { choice, layouts, weightModes } from './networks.ts';

/** Everything a run shows, per sample where it is of a sample. */
interface Trace {
  readonly texts: { positive: TextStates; negative: TextStates | undefined };
  readonly latents: readonly (readonly Float32Array[])[];
  readonly first: readonly { input: Float32Array; prediction: Prediction }[];
  readonly decoded: readonly Float32Array[];
  readonly result: GenerateResult;
}

describe.each(layouts)('a $layout', ({ open }) => {
  describe.each(weightModes)('with %s weights', (weights) => {
    let model: RunnableModel;
    let cacheDir: string;
    beforeAll(async () => {
      cacheDir = await mkdtemp(join(tmpdir(), 'easel-goldens-'));
      model = await assembleModel(await open(), { weights, threads: 1, cacheDir, memory: 'large' }, choice);
    });
    afterAll(async () => {
      await model.close();
      await rm(cacheDir, { recursive: true });
    });

    test.each(caseIds)('%s is the reference run: texts, first prediction, every step, pixels', async (id) => {
      const golden = goldenCase(id);
      const trace = await traced(model, golden);
      expectTexts(trace, golden);
      expectFirstPrediction(trace, golden);
      expectLatents(trace, golden);
      expectPixels(trace, golden);
    });
  });
});

async function traced(model: RunnableModel, { request }: GoldenCase): Promise<Trace> {
  let texts: Trace['texts'] | undefined;
  const latents: Float32Array[][] = [];
  const first: { input: Float32Array; prediction: Prediction }[] = [];
  const decoded: Float32Array[] = [];
  const result = await model.generate(request, {
    onTexts: (states) => {
      texts = states;
    },
    onLatents: ({ sample, latents: x }) => {
      latents[sample] ??= [];
      latents[sample].push(x.slice());
    },
    onPrediction: ({ sample, input, prediction }) => {
      first[sample] ??= { input, prediction };
    },
    onDecoded: ({ sample, image }) => {
      decoded[sample] = image.data;
    },
  });
  if (!texts) throw new Error('the run told no texts');
  return { texts, latents, first, decoded, result };
}

function expectTexts({ texts, first }: Trace, { fixture, request }: GoldenCase): void {
  const states = floatsOf(fixture, 'unet0.encoder_hidden_states'); // [uncond…, cond…] of all samples
  const pooled = floatsOf(fixture, 'unet0.text_embeds');
  const halves = texts.negative ? [texts.negative, texts.positive] : [texts.positive];
  const samples = request.samples ?? 1;
  expect(states.length).toBe(halves.length * samples * texts.positive.context.length);
  halves.forEach((half, index) => {
    const begin = index * samples;
    expect(maxAbsDifference(half.context, part(states, begin, half.context.length))).toBeLessThanOrEqual(2e-5);
    expect(maxAbsDifference(half.pooled, part(pooled, begin, half.pooled.length))).toBeLessThanOrEqual(2e-5);
  });
  expect(first).toHaveLength(samples);
}

function expectFirstPrediction({ first }: Trace, { fixture }: GoldenCase): void {
  const output = floatsOf(fixture, 'unet0.output');
  const sample = floatsOf(fixture, 'unet0.sample');
  const guided = floatsOf(fixture, 'guided0');
  first.forEach(({ input, prediction }, index) => {
    const size = input.length;
    expect(maxAbsDifference(input, part(sample, index, size))).toBeLessThanOrEqual(2e-6);
    const { unconditional, conditional } = prediction;
    if (unconditional) {
      expect(maxAbsDifference(unconditional, part(output, index, size))).toBeLessThanOrEqual(2e-5);
      expect(maxAbsDifference(conditional, part(output, first.length + index, size))).toBeLessThanOrEqual(2e-5);
    } else {
      expect(maxAbsDifference(conditional, part(output, index, size))).toBeLessThanOrEqual(2e-5);
    }
    // Guidance multiplies the difference of two outputs by up to 7.5.
    expect(maxAbsDifference(prediction.guided, part(guided, index, size))).toBeLessThanOrEqual(2e-4);
  });
}

function expectLatents({ latents }: Trace, { fixture }: GoldenCase): void {
  const expected = floatsOf(fixture, 'latents'); // [steps + 1, samples, 4, h, w]
  const sigmas = floatsOf(fixture, 'sigmas');
  latents.forEach((states, sample) => {
    const begin = sigmas.length - states.length; // image-to-image starts later
    states.forEach((state, step) => {
      const reference = part(expected, step * latents.length + sample, state.length);
      const tolerance = 3e-4 * Math.max(sigmas[begin + step], 0.5);
      expect(maxAbsDifference(state, reference), `step ${step}`).toBeLessThanOrEqual(tolerance);
    });
  });
  expect(latents.flat().length * latents[0][0].length).toBe(expected.length);
}

function expectPixels({ result, decoded }: Trace, { fixture }: GoldenCase): void {
  const floats = floatsOf(fixture, 'vae.output');
  const pixels = fixture.get('image_u8')?.data;
  if (!(pixels instanceof Uint8Array)) throw new Error('the case has no picture');
  result.images.forEach(({ data }, sample) => {
    const image = decoded[sample];
    expect(maxAbsDifference(image, part(floats, sample, image.length))).toBeLessThanOrEqual(2e-4);
    const reference = pixels.subarray(sample * data.length, (sample + 1) * data.length);
    expect(maxAbsDifference(data, reference)).toBeLessThanOrEqual(1);
    const differing = data.filter((value, index) => value !== reference[index]).length;
    expect(differing / data.length).toBeLessThanOrEqual(0.005);
  });
}

function part(values: Float32Array, index: number, length: number): Float32Array {
  return values.subarray(index * length, (index + 1) * length);
}
