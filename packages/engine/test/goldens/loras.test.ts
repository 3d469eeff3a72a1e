import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import type { TextStates } from '../../src/components/unet/unet.ts';
import { assembleModel, type RunnableModel } from '../../src/loading/assemble-model.ts';
import type { GenerateRequest, LoraRequest } from '../../src/model.ts';
import { fixturePath, floatsOf, readFixture, readFixtureJson } from '../fixtures.ts';
import { choice, expectNear } from './networks.ts';

const expected = readFixture('loras/expected.safetensors');
const { prompt, size, steps, cases } = readFixtureJson<{
  prompt: string;
  size: number;
  steps: number;
  cases: Readonly<Record<string, readonly (readonly [name: string, weight: number])[]>>;
}>('loras/manifest.json');

let model: RunnableModel;
let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'easel-loras-'));
  // The cached texts of one adapter must not be taken for those of another.
  const options = { threads: 1, cacheDir, textCache: true, memory: 'large' } as const;
  model = await assembleModel(await openCheckpoint(fixturePath('model')), options, choice);
});
afterAll(async () => {
  await model.close();
  await rm(cacheDir, { recursive: true });
});

test.each(Object.keys(cases))(
  'with the adapters of "%s" texts, prediction and latents are the reference’s',
  async (id) => {
    const loras = cases[id].map(([name, weight]) => ({ file: fixturePath(`loras/${name}.safetensors`), weight }));
    const run = await traced({ loras });
    expectNear(run.texts.context, floatsOf(expected, `${id}.context`), 2e-5, 'the texts');
    expectNear(run.texts.pooled, floatsOf(expected, `${id}.pooled`), 2e-5, 'the pooled text');
    expectNear(run.prediction, floatsOf(expected, `${id}.prediction`), 5e-5, 'the first prediction');
    expectNear(run.latents, floatsOf(expected, `${id}.latents`), 5e-5, 'the latents');
    expect(run.used?.map(({ weight }) => weight)).toEqual(
      loras.length > 0 ? loras.map(({ weight }) => weight) : undefined,
    );
  },
);

test('an adapter of weight 0 changes no bit', async () => {
  const plain = await traced({});
  const zero = await traced({ loras: [lora('kohya', 0)] });
  expect(zero.latents).toEqual(plain.latents);
  expect(zero.used).toBeUndefined();
});

/** A gradient, and a mask of its middle. */
const picture = {
  width: 96,
  height: 96,
  data: Uint8Array.from({ length: 3 * 96 * 96 }, (_, index) => (index * 5) % 256),
};
const mask = {
  width: 96,
  height: 96,
  data: Uint8Array.from({ length: 96 * 96 }, (_, index) =>
    Math.max(Math.abs((index % 96) - 48), Math.abs(Math.floor(index / 96) - 48)) < 16 ? 255 : 0,
  ),
};

test.each<[string, Partial<GenerateRequest>]>([
  ['a part of a picture is repainted', { width: 64, height: 64, image: { picture, mask } }],
  [
    'a part of a large picture is repainted at full size',
    { width: 64, height: 64, image: { picture, mask, maskPadding: 8 } },
  ],
  ['a picture is varied', { width: 64, height: 64, image: { picture, strength: 0.8 } }],
  ['a picture is enlarged', { upscale: 2, image: { picture, strength: 0.8 } }],
  ['what is drawn is enlarged', { width: 64, height: 64, upscale: 2 }],
])('where %s an adapter counts, and at weight 0 it changes no bit', async (_, more) => {
  const draw = async (loras?: readonly LoraRequest[]) => {
    const { images, used } = await model.generate({ prompt, seed: 3, steps: 3, ...more, ...(loras && { loras }) });
    return { data: images[0].data, loras: used.loras?.map(({ weight }) => weight) };
  };
  const plain = await draw();
  expect(await draw([lora('kohya', 0)])).toEqual(plain);
  const adapted = await draw([lora('kohya', 3)]);
  expect(adapted.loras).toEqual([3]);
  expect(adapted.data).not.toEqual(plain.data);
});

test('another weight needs no other session', async () => {
  const sessions: string[] = [];
  const run = (weight: number) =>
    model.generate(request({ loras: [lora('older', weight)] }), {
      onPass: ({ kind, phase }) => kind === 'session' && phase === 'start' && sessions.push(kind),
    });
  const first = await run(0.3);
  sessions.length = 0;
  const second = await run(0.9);
  expect(sessions).toEqual([]);
  expect(second.images[0].data).not.toEqual(first.images[0].data);
});

test('in 8 bits and with a split network an adapter counts as much as in float32', async () => {
  for (const profile of ['int8', 'fast'] as const) {
    const plain = await traced({ profile, steps: 6 });
    const adapted = await traced({ profile, steps: 6, loras: [lora('kohya', 1)] });
    const exact = await traced({ steps: 6, loras: [lora('kohya', 1)] });
    const changed = distance(plain.latents, exact.latents);
    expect(distance(adapted.latents, exact.latents), profile).toBeLessThan(changed / 3);
  }
});

test('a DoRA is used without its magnitudes, and this is said', async () => {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  await model.generate(request({ loras: [lora('dora', 1)] }), { onNotice });
  expect(notices).toContainEqual(expect.stringMatching(/dora\.safetensors is a DoRA: its magnitudes are left out/));
});

function lora(name: string, weight: number): LoraRequest {
  return { file: fixturePath(`loras/${name}.safetensors`), weight };
}

function request(more: Partial<GenerateRequest>): GenerateRequest {
  const latents = floatsOf(expected, 'noise');
  return { prompt, width: size, height: size, steps, guidanceScale: 1, latents, ...more };
}

async function traced(more: Partial<GenerateRequest>) {
  let texts: TextStates | undefined;
  let prediction: Float32Array | undefined;
  let latents: Float32Array | undefined;
  const { used } = await model.generate(request(more), {
    onTexts: ({ positive }) => {
      texts = positive;
    },
    onPrediction: (event) => {
      prediction ??= event.prediction.conditional;
    },
    onLatents: (event) => {
      latents = event.latents.slice();
    },
  });
  if (!texts || !prediction || !latents) throw new Error('the run told nothing');
  return { texts, prediction, latents, used: used.loras };
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0));
}
