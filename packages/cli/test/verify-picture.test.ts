import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { encodeImage, familyNames } from '@easel/engine';
import { expect, onTestFinished, test } from 'vitest';
import { fixturePath, readFixture } from '../../engine/test/fixtures.ts';
import type { CommandContext } from '../src/cli-context.ts';
import { cornerOf, type PublishedPicture, publishedPictures, verifyPicture } from '../src/commands/verify-picture.ts';
import { listenForInterruption } from '../src/interruption.ts';
import { runEasel, temporaryFolder } from './run-easel.ts';

const model = fixturePath('model');
const golden = readFixture('cases/17_img2img.safetensors');
const pixelsOf = (name: string) => ({
  data: Uint8Array.from(golden.get(name)?.data ?? [], Number),
  width: 64,
  height: 64,
});

/** As the entries of the table: drawn by the reference implementation, with a model of random weights. */
const published: PublishedPicture = {
  familyName: 'playground-v2.5',
  nativeSide: 1024,
  what: 'image-to-image, 64×64, the last 12 of 20 steps, guidance 3',
  source: 'tools/goldens/make_goldens.py, 17_img2img',
  startImage: 'datasets/some/images/resolve/main/start.png',
  request: { prompt: 'a watercolour landscape', steps: 20, guidanceScale: 3, width: 64, height: 64, seed: 17 },
  strength: 0.6,
  corner: cornerOf(pixelsOf('image_u8')),
  computedOn: 'a processor',
  tolerance: 1e-2,
};
const off = { ...published, corner: published.corner.map((value, index) => (index === 4 ? value + 0.1 : value)) };

async function startImage(): Promise<{ readonly file: string; readonly bytes: Uint8Array }> {
  const bytes = await encodeImage(pixelsOf('input_image_u8'), { format: 'png' });
  const file = join(temporaryFolder(), 'start.png');
  writeFileSync(file, bytes);
  return { file, bytes };
}

function capture(env: Record<string, string> = {}): { readonly context: CommandContext; readonly text: () => string } {
  let text = '';
  const stream = (isKept: boolean) => {
    const write = (chunk: string) => {
      if (isKept) text += chunk;
      return true;
    };
    return Object.create(process.stdout, { write: { value: write }, isTTY: { value: false } });
  };
  const interruption = listenForInterruption();
  onTestFinished(() => interruption[Symbol.dispose]());
  const own = { ...process.env, EASEL_DEVICE: 'cpu', ...env };
  const context = { env: own, stdin: process.stdin, stdout: stream(true), stderr: stream(false), interruption };
  return { context, text: () => text };
}

test('a model that draws what the reference draws is told so, pixel by pixel', async () => {
  const { context, text } = capture();
  const { file: image } = await startImage();
  expect(await verifyPicture(model, { image }, context, [published])).toBe(0);
  expect(text()).toContain('diffusers, tools/goldens/make_goldens.py, 17_img2img: half precision on a processor\n');
  expect(text()).toMatch(/^3, 3 +0\.\d{4} +0\.\d{4} +0\.00\d\d$/m);
  expect(text()).toMatch(/✓ within what the reference's test allows: 0\.00\d\d of 0\.01\n$/);
});

test('a pixel that differs is pointed at, and the status is 1', async () => {
  const { context, text } = capture();
  const { file: image } = await startImage();
  expect(await verifyPicture(model, { image }, context, [off])).toBe(1);
  expect(text().match(/^.*✗$/gm)).toEqual([expect.stringMatching(/^2, 2 +.* 0\.(1|09)\d* +✗$/)]);
  expect(text()).toContain('✗ beyond');
});

test('where the card is not known, its noises are tried one after another, and the nearest is told for programs', async () => {
  const { context, text } = capture();
  const { file: image } = await startImage();
  const cards = [
    { name: 'a large card', threads: 2 ** 17 },
    { name: 'a tiny card', threads: 256 },
  ];
  expect(await verifyPicture(model, { image, json: true }, context, [{ ...published, cards }])).toBe(1);
  const told = JSON.parse(text());
  expect(told).toMatchObject({ name: model, tolerance: 0.01, isWithin: false, expected: published.corner });
  expect(['a large card', 'a tiny card']).toContain(told.card);
  expect(told.drawn).toHaveLength(9);
});

test('the start image is downloaded from the Hub that is set, unless the machine is offline', async () => {
  const { bytes } = await startImage();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { context } = capture({ HF_ENDPOINT: `http://127.0.0.1:${port}/`, HF_HUB_OFFLINE: '' });
  expect(await verifyPicture(model, {}, context, [published])).toBe(0);
  expect(asked).toEqual(['/datasets/some/images/resolve/main/start.png']);
  await expect(verifyPicture(model, {}, capture({ HF_HUB_OFFLINE: '1' }).context, [published])).rejects.toMatchObject({
    code: 'server_unreachable',
    remedy: 'download it elsewhere and give it with --image FILE',
  });
});

test('a model of which nothing is published is refused before it is loaded, with the list of those that are', async () => {
  const table = publishedPictures.filter(({ familyName }) => familyName === 'sdxl-turbo');
  for (const [name, known] of [
    [model, table],
    ['demo', publishedPictures], // of the family, but not of its size
  ] as const) {
    await expect(verifyPicture(name, {}, capture().context, known), name).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`no pixel values are published for ${name}, which is`),
      remedy: expect.stringContaining('sdxl-turbo at 512×512'),
    });
  }
});

test('each published picture is of a family, with nine pixels', () => {
  for (const { familyName, corner, startImage: path, strength } of publishedPictures) {
    expect(familyNames).toContain(familyName);
    expect(corner).toHaveLength(9);
    expect(strength === undefined).toBe(path === undefined);
  }
});

test('the command takes a start image for a picture only', async () => {
  const args = ['verify', 'demo', '--image', 'start.png'];
  const { status, stderr } = await runEasel(args, { cwd: temporaryFolder() });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--image needs --picture') });
});
