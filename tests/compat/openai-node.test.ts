import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';

let server: EaselServer;
let openai: OpenAI;
beforeAll(async () => {
  server = await serveEasel();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.devKey, maxRetries: 0 });
});
afterAll(() => server.stop());

const prompt = 'a red apple on a blue background';

test('images.generate gives pictures as base64, with the default model under its usual names', async () => {
  const { data } = await openai.images.generate({ prompt, model: 'gpt-image-1', n: 2, size: 'auto' });
  expect(data).toHaveLength(2);
  expect(
    Buffer.from(data?.[0]?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
});

test('images.generate gives addresses that need no key', async () => {
  const { data } = await openai.images.generate({ prompt, response_format: 'url' });
  const reply = await fetch(data?.[0]?.url ?? '');
  expect(reply.status).toBe(200);
  expect(reply.headers.get('content-type')).toMatch(/^image\//);
});

test('a stream has partial pictures and then the whole one', async () => {
  const stream = await openai.images.generate({ prompt, stream: true, partial_images: 2 });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  // A fast machine may be done before the second one is due.
  expect(types.join(' ')).toMatch(/^(image_generation\.partial_image ){1,2}image_generation\.completed$/);
});

test('images.edit repaints what is transparent in the mask, plain and streaming', async () => {
  const side = 128;
  const raw = { width: side, height: side, channels: 4 } as const;
  const isKept = (pixel: number) => pixel % side < side / 2;
  const mask = Uint8Array.from({ length: 4 * side * side }, (_, i) =>
    i % 4 === 3 && isKept(Math.floor(i / 4)) ? 255 : 0,
  );
  const [image, hole] = [
    await sharp({ create: { ...raw, background: { r: 10, g: 200, b: 30, alpha: 1 } } })
      .png()
      .toBuffer(),
    await sharp(mask, { raw }).png().toBuffer(),
  ];
  const type = { type: 'image/png' };
  const files = async () => ({
    image: await toFile(image, 'image.png', type),
    mask: await toFile(hole, 'mask.png', type),
  });
  const { data } = await openai.images.edit({ prompt, ...(await files()), n: 1, size: 'auto', model: 'gpt-image-1' });
  const made = sharp(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'))
    .removeAlpha()
    .raw();
  const { data: pixels, info } = await made.toBuffer({ resolveWithObject: true });
  const [left, right] = [3 * (info.width * 5 + 2), 3 * (info.width * 6 - 2)];
  expect([...pixels.subarray(left, left + 3)]).toEqual([10, 200, 30]);
  expect([...pixels.subarray(right, right + 3)]).not.toEqual([10, 200, 30]);
  const stream = await openai.images.edit({ prompt, ...(await files()), stream: true, partial_images: 1 });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  expect(types.join(' ')).toMatch(/^(image_edit\.partial_image )?image_edit\.completed$/);
  const damaged = { image: await toFile(Buffer.from('no picture'), 'image.png', type) };
  await expect(openai.images.edit({ prompt, ...damaged })).rejects.toMatchObject({ status: 400, param: 'image' });
});

test('errors are those classes that the client has for them', async () => {
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'SG_0000000000000000', maxRetries: 0 });
  await expect(stranger.images.generate({ prompt })).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(openai.images.generate({ prompt, model: 'no-such-model' })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  const tooMany = openai.images.generate({ prompt, n: 9 });
  await expect(tooMany).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(tooMany).rejects.toMatchObject({ param: 'n' });
});

test('models.list and models.retrieve know the model', async () => {
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toContain('playground-v2.5');
  expect(await openai.models.retrieve('playground-v2.5')).toMatchObject({ id: 'playground-v2.5', object: 'model' });
});
