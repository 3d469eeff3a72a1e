import { EaselClient } from '@easel/client';
import { type DecodedPicture, decodeImage } from '@easel/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';
import { share } from './figures.ts';
import { Judge } from './judge.ts';
import { type Question, readQuestions, seedOf } from './questions.ts';

/** Just under what `npm run adherence` reached with all 200; the model's card has the table. */
const least = { object: 0.94, background: 0.97, style: 0.92 };
const asked = 10;

let server: EaselServer;
let client: EaselClient;
let judge: Judge;
beforeAll(async () => {
  [server, judge] = await Promise.all([serveEasel(), Judge.open()]);
  client = new EaselClient({ baseUrl: server.url, apiKey: server.devKey });
});
afterAll(async () => {
  await Promise.all([server?.stop(), judge?.close()]);
});

async function draw(prompt: string, seed: number, more: { readonly negative_prompt?: string } = {}) {
  const { images } = await client.jobs.run({ prompt, seed, image_format: 'png', ...more });
  const { bytes } = await client.images.get(images[0]?.id ?? '');
  return decodeImage(bytes);
}

test(`${asked} unseen combinations of known words show what was asked for, at the default settings`, async () => {
  const { single } = await readQuestions();
  const step = single.length / asked;
  const chosen = single.map((question, index) => ({ question, index })).filter(({ index }) => index % step === 0);
  expect(chosen).toHaveLength(asked);
  const look = async ({ question, index }: { readonly question: Question; readonly index: number }) =>
    judge.verdict(await draw(question.prompt, seedOf(index)), question);
  const verdicts = await Promise.all(chosen.map(look));
  const seen = verdicts.map((verdict, index) => `${chosen[index]?.question.prompt} -> ${verdict.seen}`).join('\n');
  expect(share(verdicts.map(({ objects }) => objects)), `object: ${seen}`).toBeGreaterThanOrEqual(least.object);
  const backgrounds = share(verdicts.map(({ background }) => background));
  expect(backgrounds, `background: ${seen}`).toBeGreaterThanOrEqual(least.background);
  expect(share(verdicts.map(({ style }) => style)), `style: ${seen}`).toBeGreaterThanOrEqual(least.style);
}, 600_000);

test('words it has never seen give a smooth picture, neither noise nor nothing', async () => {
  const prompts = ['democracy', 'zxqv wub flim'];
  const pictures = await Promise.all(prompts.map((prompt, index) => draw(prompt, index)));
  for (const [index, picture] of pictures.entries()) {
    expect(roughness(picture), prompts[index]).toBeLessThan(12);
    expect(roughness(picture), prompts[index]).toBeGreaterThan(0.2);
  }
});

test('a background that is not wanted leaves the pictures', async () => {
  const whiteness = async (more: { readonly negative_prompt?: string }) => {
    const pictures = await Promise.all([1, 2].map((seed) => draw('a car', seed, more)));
    return pictures.map(whiteShare).reduce((sum, value) => sum + value, 0) / pictures.length;
  };
  const [plain, refused] = await Promise.all([whiteness({}), whiteness({ negative_prompt: 'white background' })]);
  expect(plain).toBeGreaterThan(0.4);
  expect(refused).toBeLessThan(plain / 2);
});

/** The mean difference of neighbouring values, 0 to 255; uniform noise has 85. */
function roughness({ data, width, height }: DecodedPicture): number {
  let sum = 0;
  for (let index = 3; index < data.length; index += 1) sum += Math.abs((data[index] ?? 0) - (data[index - 3] ?? 0));
  return sum / (width * height * 3);
}

/** The share of pixels that are white, or nearly so. */
function whiteShare({ data, width, height }: DecodedPicture): number {
  let white = 0;
  for (let index = 0; index < data.length; index += 3)
    if (Math.min(...data.subarray(index, index + 3)) > 235) white += 1;
  return white / (width * height);
}
