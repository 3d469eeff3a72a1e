import { fileURLToPath } from 'node:url';
import { headers } from '@easel/contract';
import { parseParameters, readParameters } from '@easel/parameters';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openServedModel } from '../../src/models/served-models.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/goldens/upscaler/${name}.safetensors`, import.meta.url));
const http = useHttp({ upscaler: fixture('x4') });

/** Not a size that a model draws. */
const [WIDTH, HEIGHT] = [101, 67];
const pixels = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (Math.floor(i / 3) * 7 + 31 * (i % 3)) % 256);
const picture = await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
  .png()
  .toBuffer();
const image = picture.toString('base64');

const small = { prompt: 'a red apple', num_inference_steps: 20, seed: 1, image_format: 'png', base64: false };

const post = (url: string, { json }: Customer, payload: object) =>
  http().app.inject({ method: 'POST', url, headers: json, payload });
const get = (url: string, { auth }: Customer) => http().app.inject({ url, headers: auth });

test('a picture is drawn and enlarged at the price that was quoted, that of its finished pixels', async () => {
  const customer = await http().customer();
  const before = (await get('/api/credits', customer)).json().balance;
  const quote = await get('/api/price?num_inference_steps=20&img_width=128&img_height=64&upscale=2', customer);
  expect(quote.json()).toMatchObject({ img_width: 128, upscale: 2 });
  const plain = await get('/api/price?num_inference_steps=20&img_width=256&img_height=128', customer);
  expect(quote.json().price).toBe(plain.json().price);
  const size = { img_width: 128, img_height: 64 };
  const reply = await post(`/v1/${slug}`, customer, { ...small, ...size, upscale: '2', upscaler: 'model' });
  expect(reply.statusCode).toBe(200);
  expect(await sharp(reply.rawPayload).metadata()).toMatchObject({ width: 256, height: 128 });
  expect(Number(reply.headers[headers.cost])).toBe(quote.json().price);
  expect(JSON.parse(String(reply.headers[headers.outputMetadata]))).toMatchObject({ width: 256, height: 128 });
  expect(before - (await get('/api/credits', customer)).json().balance).toBeCloseTo(quote.json().price, 9);
  const job = (await get(`/api/jobs/${reply.headers[headers.requestId]}`, customer)).json();
  expect(job).toMatchObject({ ...size, upscale: 2, upscaler: 'model', strength: null, price: quote.json().price });
  expect(job.images[0]).toMatchObject({ width: 256, height: 128 });
  const said = parseParameters(readParameters(reply.rawPayload) ?? '');
  expect(said).toMatchObject({ ...{ width: 128, height: 64, upscale: 2, upscaler: 'model' }, seed: 1n });
  // the same request again
  const again = await post(`/v2/${slug}`, customer, { ...small, ...size, upscale: 2, upscaler: 'model' });
  expect(again.statusCode).toBe(200);
});

test('a finished picture of any size is enlarged as it is, by the network of the server unless the model is asked for', async () => {
  const customer = await http().customer();
  const enlarge = async (more: object) => {
    const reply = await post(`/v1/${slug}`, customer, { ...small, image, upscale: 4, ...more });
    expect(reply.statusCode).toBe(200);
    const { data, info } = await sharp(reply.rawPayload).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([4 * WIDTH, 4 * HEIGHT]);
    const job = (await get(`/api/jobs/${reply.headers[headers.requestId]}`, customer)).json();
    return { data, job, said: parseParameters(readParameters(reply.rawPayload) ?? '') };
  };
  const byNetwork = await enlarge({});
  expect(byNetwork.job).toMatchObject({ upscaler: 'network', strength: 0, img_width: WIDTH, img_height: HEIGHT });
  expect(byNetwork.said).toMatchObject({ width: WIDTH, height: HEIGHT, upscale: 4, upscaler: 'network' });
  const byModel = await enlarge({ upscaler: 'model', num_inference_steps: 20 });
  expect(byModel.job).toMatchObject({ upscaler: 'model', strength: 0.2 });
  expect(byModel.data.equals(byNetwork.data)).toBe(false);
});

test('a picture that is to be sent is quoted by its size: enlarged as it is, else in its shape', async () => {
  const customer = await http().customer();
  const quoteOf = async (query: string) => (await get(`/api/price?num_inference_steps=20&${query}`, customer)).json();
  const quote = await quoteOf(`image_size=${WIDTH}x${HEIGHT}&upscale=4`);
  expect(quote).toMatchObject({ img_width: WIDTH, img_height: HEIGHT, upscale: 4 });
  const reply = await post(`/v1/${slug}`, customer, { ...small, image, upscale: 4 });
  expect(Number(reply.headers[headers.cost])).toBe(quote.price);
  const varied = await post(`/v1/${slug}`, customer, { ...small, image });
  const shaped = await quoteOf(`image_size=${WIDTH}x${HEIGHT}`);
  expect(Number(varied.headers[headers.cost])).toBe(shaped.price);
  expect(shaped).toMatchObject({ img_width: 256, img_height: 176 });
  for (const [query, param] of [
    [`image_size=${WIDTH}x${HEIGHT}&upscale=2&img_width=128`, 'img_width'],
    ['image_size=5000x4000&upscale=4', 'upscale'],
    ['image_size=101', 'image_size'],
    ['image_size=0x8', 'image_size'],
  ] as const)
    expect(await quoteOf(query), query).toMatchObject({ status: 400, param });
});

test.each<[string, object, string, RegExp]>([
  ['another factor', { upscale: 3 }, 'upscale', /upscale must be one of 2, 4/],
  ['a factor of zero', { upscale: 0 }, 'upscale', /upscale must be/],
  ['a mask', { image, mask: image, upscale: 2 }, 'upscale', /cannot be used with a mask/],
  ['a size beside the picture', { image, upscale: 2, img_width: 128 }, 'img_width', /enlarged as it is/],
  ['a shape beside the picture', { image, upscale: 2, aspect_ratio: '1:1' }, 'aspect_ratio', /enlarged as it is/],
  ['strength 0 in copies', { image, upscale: 2, strength: 0, samples: 4 }, 'samples', /samples must be 1.*the same/],
  ['an upscaler alone', { upscaler: 'model' }, 'upscaler', /upscaler needs upscale/],
  ['a network that there is not', { upscale: 2, upscaler: 'network' }, 'upscaler', /must be model.*no network/],
  ['a name that is none', { upscale: 2, upscaler: 'esrgan' }, 'upscaler', /one of "model", "network"/],
])('to enlarge with %s is refused before anything is charged', async (_, change, param, says) => {
  const customer = await http().customer();
  const before = await http().services.credits.balance(customer.accountId);
  const body = { prompt: 'a red apple', model: unattended, ...change };
  const reply = await post('/api/jobs', customer, body);
  expect([reply.statusCode, reply.json().param]).toEqual([400, param]);
  expect(reply.json().detail).toMatch(says);
  expect(await http().services.credits.balance(customer.accountId)).toEqual(before);
});

test('the largest picture is a limit that is told, for pictures that are sent as well', async () => {
  const customer = await http().customer();
  const blank = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#808080' } })
      .png()
      .toBuffer();
  for (const [width, height] of [
    [1200, 1000],
    [2064, 16],
  ] as const) {
    const large = (await blank(width, height)).toString('base64');
    const reply = await post('/api/jobs', customer, { prompt: 'a', model: unattended, image: large, upscale: 4 });
    expect([reply.statusCode, reply.json().param]).toEqual([400, 'upscale']);
    expect(reply.json().detail).toMatch(/at most 16777216 pixels, with sides of at most 8192/);
  }
});

test('a job is cancelled between its tiles', async () => {
  const customer = await http().customer();
  const large = (await sharp(picture).resize(512, 512).png().toBuffer()).toString('base64');
  const body = { prompt: 'a', model: slug, image: large, upscale: 4, upscaler: 'model', num_inference_steps: 50 };
  const { id } = (await post('/api/jobs', customer, body)).json();
  const job = async () => (await get(`/api/jobs/${id}`, customer)).json();
  await expect.poll(async () => (await job()).status).toBe('running');
  await http().services.cancelJob(customer.accountId, id);
  expect(await job()).toMatchObject({ status: 'cancelled', images: [] });
  // and the engine is free for the next
  const next = await post(`/v1/${slug}`, customer, { ...small, img_width: 64, img_height: 64 });
  expect(next.statusCode).toBe(200);
});

test('models tell what enlarges pictures, and a server with a file that is no network does not start', async () => {
  const customer = await http().customer();
  const { models } = (await get('/api/models', customer)).json();
  const told = models.map(({ parameters: { upscale, upscaler } }: Record<string, Record<string, unknown>>) => [
    upscale,
    upscaler,
  ]);
  const factors = { minimum: 2, maximum: 4, multiple_of: 2 };
  expect(told).toEqual([
    [factors, { choices: ['model', 'network'], default: 'network' }],
    [factors, { choices: ['model'], default: 'model' }],
  ]);
  const wrong = openServedModel({ slug: 'a', model: 'demo', upscaler: fixture('expected') }, true, process.env);
  await expect(wrong).rejects.toMatchObject({ code: 'model_unsupported' });
  const missing = openServedModel({ slug: 'a', model: 'demo', upscaler: '/nowhere/x4' }, true, process.env);
  await expect(missing).rejects.toMatchObject({ code: 'model_file_missing' });
});
