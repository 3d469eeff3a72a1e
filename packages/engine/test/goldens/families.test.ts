import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import type { FamilyName } from '../../src/families/families.ts';
import { assembleModel } from '../../src/loading/assemble-model.ts';
import type { GenerateRequest } from '../../src/model.ts';
import { familyFolder } from '../family-folder.ts';
import { floatsOf, maxAbsDifference, readFixture, readFixtureJson } from '../fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { choice } from './networks.ts';

// What the reference's pipeline draws with each family and its samplers (tools/goldens/make_families.py).

interface Case {
  readonly name: string;
  readonly family: FamilyName;
  readonly scheduler: Readonly<Record<string, unknown>> & { readonly _class_name: string };
  readonly prompt: string;
  readonly negative?: string;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly seeds?: readonly number[];
  readonly rescale?: number;
  readonly strength?: number;
  readonly unet?: string;
}

const { cases } = readFixtureJson<{ cases: readonly Case[] }>('families/cases.json');
const expected = readFixture('families/cases.safetensors');

/** Families that their files do not tell from others: here the name of the folder does. */
const namedAfter: Partial<Record<FamilyName, string>> = {
  'playground-v2': 'playground-v2',
  'hyper-sd-unified': 'Hyper-SDXL-unified',
  'hyper-sd-1-step': 'Hyper-SDXL-1step-Unet',
  dmd2: 'dmd2_sdxl_4step',
};

test.each(cases)('$name: the files tell the family, and the pictures are the reference’s', async (given) => {
  const { family, name } = given;
  const path = await familyFolder({ ...given, name: namedAfter[family] ?? 'model' });
  const cacheDir = await temporaryFolder();
  const model = await assembleModel(await openCheckpoint(path), { threads: 1, cacheDir, memory: 'large' }, choice);
  try {
    expect(model.info).toMatchObject({ familyName: family, layout: 'diffusers' });
    const last: Float32Array[] = [];
    const { images, used } = await model.generate(requestOf(given), {
      onLatents: ({ sample, latents }) => {
        last[sample] = latents.slice();
      },
    });
    const final = floatsOf(expected, `${name}.final`);
    const pixels = expected.get(`${name}.image_u8`)?.data;
    if (!(pixels instanceof Uint8Array)) throw new Error('the case has no picture');
    images.forEach(({ data }, sample) => {
      const state = inScaleOfVae(last[sample], used.scheduler, given);
      const reference = final.subarray(sample * state.length, (sample + 1) * state.length);
      expect(maxAbsDifference(state, reference)).toBeLessThanOrEqual(3e-4);
      const picture = pixels.subarray(sample * data.length, (sample + 1) * data.length);
      expect(maxAbsDifference(data, picture)).toBeLessThanOrEqual(1);
      const differing = data.filter((value, index) => value !== picture[index]).length;
      expect(differing / data.length).toBeLessThanOrEqual(0.005);
    });
  } finally {
    await model.close();
  }
});

function requestOf({
  prompt,
  negative,
  steps,
  guidance,
  seed,
  seeds = [seed],
  rescale,
  strength,
}: Case): GenerateRequest {
  return {
    prompt,
    steps,
    guidanceScale: guidance,
    seeds,
    samples: seeds.length,
    ...(negative !== undefined && { negativePrompt: negative }),
    ...(rescale !== undefined && { guidanceRescale: rescale }),
    ...{ width: 64, height: 64 },
    ...(strength !== undefined && { image: { picture: testPicture(), strength } }),
  };
}

/** Two gradients and a checker, as in tools/goldens/cases.py. */
function testPicture() {
  const side = 64;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const checker = ((x >> 3) + (y >> 3)) % 2;
      data.set([Math.floor((x * 255) / 63), Math.floor((y * 255) / 63), checker * 200 + 20], (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data };
}

/** The reference keeps the state of some samplers as α·x₀ + √(1−α²)·ε: where the last level is not 0, that is not x₀ + σ·ε. */
function inScaleOfVae(latents: Float32Array, sampler: string, { scheduler }: Case): Float32Array {
  if (sampler !== 'ddim' && sampler !== 'tcd') return latents;
  const alpha = Math.sqrt(1 - Number(scheduler.beta_start));
  return latents.map((value) => value * alpha);
}
