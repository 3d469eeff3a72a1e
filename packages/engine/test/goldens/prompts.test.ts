import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TextStates } from '../../src/components/unet/unet.ts';
import { assembleModel, type RunnableModel } from '../../src/loading/assemble-model.ts';
import type { GenerateRequest } from '../../src/model.ts';
import { readPromptSyntax } from '../../src/tokenizer/prompt-syntax.ts';
import { floatsOf, readFixture, readFixtureJson } from '../fixtures.ts';
import { choice, expectNear, layouts } from './networks.ts';

type Sections = readonly (readonly (readonly [text: string, weight: number])[])[];

interface Prompts {
  readonly cases: Record<
    string,
    {
      readonly prompt: string;
      readonly negative: string | null;
      readonly sections: Sections;
      readonly negative_sections?: Sections;
    }
  >;
  readonly run: {
    readonly width: number;
    readonly height: number;
    readonly num_inference_steps: number;
    readonly guidance_scale: number;
    readonly seed: number;
  };
}

const { cases, run } = readFixtureJson<Prompts>('prompts.json');
const expected = readFixture('prompts.safetensors');
const syntax = { promptWeighting: true, longPrompts: true };

let model: RunnableModel;
let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'easel-prompts-'));
  // The cache of encoded texts takes part.
  model = await assembleModel(await layouts[0].open(), { threads: 1, cacheDir, textCache: true }, choice);
});
afterAll(async () => {
  await model.close();
  await rm(cacheDir, { recursive: true });
});

async function generate(request: Partial<GenerateRequest>) {
  const texts: { positive: TextStates; negative: TextStates | undefined }[] = [];
  const { width, height, num_inference_steps: steps, guidance_scale: guidanceScale, seed } = run;
  const decoded: Float32Array[] = [];
  const { images, used, truncated } = await model.generate(
    { prompt: '', width, height, steps, guidanceScale, seed, ...request },
    { onTexts: (states) => texts.push(states), onDecoded: ({ image }) => decoded.push(image.data) },
  );
  return { texts: texts[0], image: images[0], decoded: decoded[0], used, truncated };
}

test.each(Object.entries(cases))('%s: the pieces of the prompt are those that compel was given', (_, given) => {
  const read = (prompt: string) =>
    readPromptSyntax(prompt, syntax).map((section) => section.map(({ text, weight }) => [text, weight]));
  const near = (sections: Sections) =>
    sections.map((section) => section.map(([text, weight]) => [text, expect.closeTo(weight, 6)]));
  expect(read(given.prompt)).toEqual(near(given.sections));
  if (given.negative !== null) expect(read(given.negative)).toEqual(near(given.negative_sections ?? []));
});

test.each(Object.entries(cases))('%s: texts and picture are those of compel and the reference', async (name, given) => {
  const { prompt, negative } = given;
  const { texts, decoded, used, truncated } = await generate({ prompt, negativePrompt: negative, ...syntax });
  expect(used).toMatchObject(syntax);
  expect(truncated).toEqual([]);
  const tensor = (key: string) => floatsOf(expected, `${name}.${key}`);
  expectNear(texts.positive.context, tensor('states'), 2e-5);
  expectNear(texts.positive.pooled, tensor('pooled'), 2e-5);
  expectNear(texts.negative?.context ?? new Float32Array(), tensor('negative'), 2e-5);
  expectNear(texts.negative?.pooled ?? new Float32Array(), tensor('negative_pooled'), 2e-5);
  const picture = decoded.map((value) => Math.min(1, Math.max(0, value / 2 + 0.5)));
  expectNear(picture, tensor('picture'), 1e-4);
});

test('a prompt without syntax makes the same picture with the options as without', async () => {
  const request = { prompt: 'a red fox, in snow', negativePrompt: 'blurry' };
  const plain = await generate(request);
  expect(plain.used).not.toHaveProperty('promptWeighting');
  expect((await generate({ ...request, ...syntax })).image.data).toEqual(plain.image.data);
});

test('the same words make other pictures with other weights, one after another and cached', async () => {
  const weighted = (prompt: string) => generate({ prompt, ...syntax }).then(({ image }) => image.data);
  const strong = await weighted('a (red:1.5) fox');
  expect(await weighted('a (red:0.5) fox')).not.toEqual(strong);
  expect(await weighted('a red fox')).not.toEqual(strong);
  expect(await weighted('a (red:1.5) fox')).toEqual(strong);
  const plain = (await generate({ prompt: 'a (red:1.5) fox' })).image.data;
  expect(plain).not.toEqual(strong);
});

test('an option that is not true or false is refused by name', async () => {
  const wrong: object = { prompt: 'a', longPrompts: 'yes' };
  await expect(generate(wrong)).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'longPrompts must be true or false (got "yes")',
  });
});
