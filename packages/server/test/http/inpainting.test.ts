import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const SIDE = 64;

/** Grey noise, in which every pixel differs from its neighbours. */
const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (Math.floor(i / 3) * 7919 + 31) % 256);
const picture = await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
  .png()
  .toBuffer();
/** White in its right half. */
const whiteHalf = await grey((x) => (x < SIDE / 2 ? 0 : 255));
const black = await grey(() => 0);
const line = await grey((x) => (x === SIDE / 2 ? 255 : 0));
/** Transparent in its right half, and black. */
const hole = await sharp(
  Uint8Array.from({ length: 4 * SIDE * SIDE }, (_, i) => alphaAt(i)),
  {
    raw: { width: SIDE, height: SIDE, channels: 4 },
  },
)
  .png()
  .toBuffer();

function alphaAt(i: number): number {
  return i % 4 === 3 && Math.floor(i / 4) % SIDE < SIDE / 2 ? 255 : 0;
}

function grey(value: (x: number) => number): Promise<Buffer> {
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE));
  return sharp(data, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .png()
    .toBuffer();
}

const text = (file: Buffer) => file.toString('base64');
const small = { prompt: 'a red apple', num_inference_steps: 20, width: SIDE, height: SIDE, seed: 1 };

const post = (url: string, { json }: Customer, payload: object) =>
  http().app.inject({ method: 'POST', url, headers: json, payload });

/** On the left both have the same pixels, in the right half not. */
async function expectRightHalfPainted(file: Buffer, kept = SIDE / 2): Promise<void> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([SIDE, SIDE, 3]);
  const columns = (of: Uint8Array, from: number, to: number) =>
    [...of].filter((_, i) => Math.floor(i / 3) % SIDE >= from && Math.floor(i / 3) % SIDE < to);
  expect(columns(data, 0, kept)).toEqual(columns(pixels, 0, kept));
  expect(columns(data, SIDE / 2, SIDE)).not.toEqual(columns(pixels, SIDE / 2, SIDE));
}

test('only what is white in the mask is painted, or what is transparent, and a mask of any size will do', async () => {
  const customer = await http().customer();
  const draw = async (mask: Buffer) => {
    const payload = { ...small, image: text(picture), mask: text(mask), base64: false, image_format: 'png' };
    const reply = await post(`/v1/${slug}`, customer, payload);
    expect(reply.statusCode).toBe(200);
    return reply.rawPayload;
  };
  const byWhite = await draw(whiteHalf);
  await expectRightHalfPainted(byWhite);
  expect((await draw(hole)).equals(byWhite)).toBe(true);
  // scaled, its edge is soft
  const larger = await sharp(whiteHalf).resize(192, 64, { kernel: 'nearest' }).png().toBuffer();
  await expectRightHalfPainted(await draw(larger), SIDE / 2 - 4);
});

test('with padding the picture keeps its own size, whatever size is painted', async () => {
  const customer = await http().customer();
  const wide = await sharp(picture).resize(150, 90).png().toBuffer();
  const payload = { ...small, image: text(wide), mask: text(whiteHalf), mask_padding: 4, mask_blur: 2, base64: false };
  const reply = await post(`/v1/${slug}`, customer, { ...payload, image_format: 'png' });
  expect(await sharp(reply.rawPayload).metadata()).toMatchObject({ width: 150, height: 90 });
  const parameters = reply.rawPayload.toString('latin1');
  expect(parameters).toMatch(/Denoising strength: 1\b/);
  expect(parameters).toMatch(/Mask blur: 2, .*|Mask blur: 2\b/);
  expect(parameters).toMatch(/Masked area padding: 4\b/);
});

test('a job tells how it was masked, and its default strength paints from noise', async () => {
  const customer = await http().customer();
  const body = { prompt: 'a', model: unattended, image: text(picture), mask: text(whiteHalf), mask_padding: 8 };
  const job = (await post('/api/jobs', customer, body)).json();
  expect(job).toMatchObject({ strength: 1, mask_padding: 8, mask_blur: 0 });
  const plain = (await post('/api/jobs', customer, { prompt: 'a', model: unattended, image: text(picture) })).json();
  expect(plain).toMatchObject({ strength: 0.6, mask_padding: null, mask_blur: null });
  for (const { id } of [job, plain]) await http().services.cancelJob(customer.accountId, id);
});

test.each<[string, object, string, RegExp]>([
  ['that is no picture', { mask: text(Buffer.from('no picture')) }, 'mask', /mask cannot be read: it is not a PNG/],
  ['that is damaged', { mask: text(whiteHalf.subarray(0, 60)) }, 'mask', /mask cannot be read/],
  ['that is other text', { mask: '%%%' }, 'mask', /mask must be base64/],
  ['of another site', { mask: 'https://example.org/a.png' }, 'mask', /mask must be base64.*another site/],
  ['that is all black', { mask: text(black) }, 'mask', /nothing to repaint/],
  ['of which a blur leaves nothing', { mask: text(line), mask_blur: 64 }, 'mask', /nothing left to repaint/],
  ['without a picture', { image: null, mask: text(whiteHalf) }, 'mask', /mask needs image/],
  ['that is missing for its padding', { mask_padding: 4 }, 'mask_padding', /mask_padding needs mask/],
  ['with too much padding', { mask: text(whiteHalf), mask_padding: 5000 }, 'mask_padding', /mask_padding must be/],
])('a mask %s is refused before anything is charged', async (_, change, param, says) => {
  const customer = await http().customer();
  const before = await http().services.credits.balance(customer.accountId);
  const reply = await post('/api/jobs', customer, { ...small, model: unattended, image: text(picture), ...change });
  expect([reply.statusCode, reply.json().param]).toEqual([400, param]);
  expect(reply.json().detail).toMatch(says);
  expect(await http().services.credits.balance(customer.accountId)).toEqual(before);
});

test('image edits take a form with a picture and its mask, and answer as generations do', async () => {
  const customer = await http().customer();
  const send = async (fields: Readonly<Record<string, string | Buffer>>, more: readonly [string, Buffer][] = []) => {
    const form = new FormData();
    for (const [name, value] of [...Object.entries(fields), ...more])
      form.append(name, typeof value === 'string' ? value : new Blob([value], { type: 'image/png' }));
    const sent = new Request('http://localhost', { method: 'POST', body: form });
    return http().app.inject({
      method: 'POST',
      url: '/v1/images/edits',
      headers: { ...customer.auth, 'content-type': String(sent.headers.get('content-type')) },
      payload: Buffer.from(await sent.arrayBuffer()),
    });
  };
  const own = { prompt: 'a red apple', n: '2', num_inference_steps: '2', size: '64x64', seed: '3' };
  const reply = await send({ ...own, image: picture, mask: hole });
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toMatchObject({ size: '64x64', output_format: 'png', data: [{ seed: 3 }, { seed: 4 }] });
  for (const { b64_json } of reply.json().data) await expectRightHalfPainted(Buffer.from(b64_json, 'base64'));
  const { jobs } = (await http().app.inject({ url: '/api/jobs', headers: customer.auth })).json();
  expect(jobs).toMatchObject([{ strength: 1 }]);
  const listed = await send({ ...own, 'image[]': picture, mask: hole });
  expect(listed.json().data).toEqual(reply.json().data);
  for (const [refused, param] of [
    [await send({ ...own, mask: hole }), 'image'],
    [await send({ ...own, image: picture, mask: black }), 'mask'],
    [await send({ ...own, image: Buffer.from('no'), mask: hole }), 'image'],
    [await send({ ...own, image: picture, n: '9' }), 'n'],
    [await send({ ...own, 'image[]': picture }, [['image[]', picture]]), 'image'],
  ] as const) {
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toMatchObject({ type: 'invalid_request_error', param, code: 'invalid_request' });
  }
});
