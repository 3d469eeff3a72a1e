import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { headers } from '@easel/contract';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a red apple', num_inference_steps: 20, width: 64, height: 64 };

const post = (url: string, { json }: Customer, payload: object | string, more: Record<string, string> = {}) =>
  http().app.inject({ method: 'POST', url, headers: { ...json, ...more }, payload });

test('null in an optional field means absent on every surface, and in a required one it is refused', async () => {
  const customer = await http().customer();
  const nulls = Object.fromEntries(
    ['samples', 'seed', 'guidance_scale', 'negative_prompt', 'image', 'strength', 'aspect_ratio', 'scheduler'].map(
      (name) => [name, null],
    ),
  );
  const more = { base64: null, image_format: null, quality: null, img_width: null };
  expect((await post(`/v1/${slug}`, customer, { ...nulls, ...more, ...small })).statusCode).toBe(200);
  expect((await post(`/v2/${slug}`, customer, { ...nulls, ...more, ...small })).statusCode).toBe(200);
  const job = await post('/api/jobs', customer, {
    ...nulls,
    ...more,
    ...small,
    model: null,
    priority: null,
    store: null,
    preview: null,
  });
  expect(job.statusCode).toBe(202);
  expect((await post('/api/tokenize', customer, { text: 'a', model: null })).statusCode).toBe(200);
  for (const [url, field] of [
    [`/v1/${slug}`, 'prompt'],
    ['/v1/images/generations', 'prompt'],
    ['/api/jobs', 'prompt'],
    ['/api/tokenize', 'text'],
  ] as const) {
    const refused = await post(url, customer, { [field]: null });
    expect(refused.statusCode, url).toBe(400);
    expect(refused.body, url).toContain(`${field} must be`);
  }
});

test("Python's True and False are booleans, and every success of the surface has links to its pictures", async () => {
  const customer = await http().customer();
  const asJson = await post(`/v1/${slug}`, customer, { ...small, base64: 'True' });
  expect(asJson.json().images).toHaveLength(1);
  const asFile = await post(`/v1/${slug}`, customer, { ...small, base64: 'False' });
  expect(asFile.headers['content-type']).toBe('image/jpeg');
  for (const { headers: sent } of [asJson, asFile]) {
    expect(String(sent.link)).toMatch(/^<http:\/\/localhost:80\/api\/images\/[0-9a-f]{32}\.jpg>; rel="item"$/);
  }
  const nameless = await post(`/v1/${slug}`, customer, small, { host: 'a/b?' });
  expect(nameless.statusCode).toBe(200);
  expect(String(nameless.headers.link)).toMatch(/^<\/api\/images\//);
});

test.each([
  [`//v1/${slug}`, 200],
  [`/v1//${slug}/`, 200],
  ['/api/jobs/', 202],
  ['/v1/v1/images/generations', 200],
  ['/images/generations/', 200],
])('%s reaches its route', async (url, status) => {
  const customer = await http().customer();
  const payload = url.includes('images') ? { prompt: 'a', size: '64x64', num_inference_steps: 1 } : small;
  expect((await post(url, customer, payload)).statusCode).toBe(status);
});

test('what is not here is told in the words of the surface that the address looks like', async () => {
  const customer = await http().customer();
  for (const url of ['/images/variations/', '/v1/images/other', '/v1/chat/completions', '//v1/embeddings']) {
    const reply = await post(url, customer, '{}');
    expect(reply.statusCode, url).toBe(404);
    expect(reply.json().error, url).toMatchObject({ code: 'not_found', message: expect.any(String) });
  }
  const variations = (await post('/v1/images/variations', customer, '{}')).json().error.message;
  expect(variations).toMatch(/variations are not supported.*POST \/v1\/images\/edits.*POST \/api\/jobs/);
  const wrongMethod = await http().app.inject({ url: '/v1/images/generations/' });
  expect(wrongMethod.statusCode).toBe(405);
  expect(wrongMethod.json().error.code).toBe('method_not_allowed');
  expect((await http().app.inject({ url: '//v1/nothing/' })).json().error).toEqual(expect.any(String));
});

test("OpenAI's sizes become the model's nearest of that shape, and the reply tells which", async () => {
  const customer = await http().customer();
  const draw = (size: string) =>
    post('/v1/images/generations', customer, { prompt: 'a', size, num_inference_steps: 1 });
  const wide = await draw('1792x1024');
  expect(wide.json()).toMatchObject({ size: '256x144' });
  expect(wide.headers[headers.size]).toBe('256x144');
  const { width, height } = await sharp(Buffer.from(wide.json().data[0].b64_json, 'base64')).metadata();
  expect({ width, height }).toEqual({ width: 256, height: 144 });
  const refused = await draw('2000x1000');
  expect(refused.statusCode).toBe(400);
  expect(refused.json().error.message).toContain('256x144');
});

test('a model that is not there is told with how names are given to the default one', async () => {
  const reply = await post('/v1/images/generations', await http().customer(), { prompt: 'a', model: 'imagined-1' });
  expect(reply.statusCode).toBe(404);
  expect(reply.json().error.message).toContain('openai.modelAliases');
});

test('the names of the models that OpenAI has and had mean the default model, without any configuration', async () => {
  const { openai } = await loadConfig({ env: {} });
  const app = await http().build({ openaiModelAliases: openai.modelAliases });
  const { json } = await http().customer();
  const names = ['dall-e-2', 'dall-e-3', 'gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'gpt-image-2'];
  for (const model of [...names, 'chatgpt-image-latest']) {
    const payload = { prompt: 'a', model, size: '64x64', num_inference_steps: 1 };
    const reply = await app.inject({ method: 'POST', url: '/v1/images/generations', headers: json, payload });
    expect([reply.statusCode, reply.headers[headers.model]], model).toEqual([200, 'easel-demo']);
  }
});

test('base64 may come in lines, with blanks, without padding or in its URL form', async () => {
  const customer = await http().customer();
  // Noise, so that every letter of both alphabets is in it.
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const file = await sharp({ create: { width: 100, height: 50, channels: 3, background: 'red', noise } })
    .png()
    .toBuffer();
  const text = file.toString('base64');
  expect(text).toMatch(/[+].*[/]|[/].*[+]/s);
  const inLines = text.replaceAll(/.{76}/g, '$&\r\n');
  const draw = async (image: string) => {
    const payload = { ...small, image, strength: 0.3, seed: 1, base64: false, image_format: 'png' };
    const reply = await post(`/v1/${slug}`, customer, payload);
    expect(reply.statusCode, reply.body.slice(0, 200)).toBe(200);
    return reply.rawPayload;
  };
  const wanted = await draw(text);
  for (const image of [
    inLines,
    `${inLines}\n`,
    `data:image/png;base64,${inLines}`,
    `data:image/png;name=a.png;charset=utf-8;base64,\n ${text.replaceAll(/.{8}/g, '$& ')}\t`,
    `DATA:image/png;BASE64,${text}`,
    text.replace(/=+$/, ''),
    file.toString('base64url'),
  ]) {
    expect((await draw(image)).equals(wanted), image.slice(0, 60)).toBe(true);
  }
  for (const image of [`${text}!`, `=${text}`, `${text.slice(0, 40)}=${text.slice(40)}`, ' ', '=', 'data:;base64,']) {
    const reply = await post(`/v1/${slug}`, customer, { ...small, image });
    expect([reply.statusCode, reply.json().param], image.slice(-60)).toEqual([400, 'image']);
  }
});

test('a picture to start from gives its shape, is cut at its centre, and may come with any type in its data URL', async () => {
  const customer = await http().customer();
  // A wide picture with a red middle: squeezed, the sides would be seen.
  const red = await sharp({ create: { width: 100, height: 100, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const wide = await sharp({ create: { width: 400, height: 100, channels: 3, background: 'blue' } })
    .composite([{ input: red, left: 150, top: 0 }])
    .png()
    .toBuffer();
  const image = `data:application/octet-stream;base64,${wide.toString('base64')}`;
  const shaped = await post('/api/jobs', customer, { prompt: 'a', image, model: unattended });
  expect(shaped.json()).toMatchObject({ img_width: 256, img_height: 104 });
  const square = { ...small, image, strength: 0, base64: false, image_format: 'png', width: 64, height: 64 };
  const drawn = await post(`/v1/${slug}`, customer, square);
  expect(drawn.statusCode).toBe(200);
  const { channels } = await sharp(drawn.rawPayload).stats();
  const [r = 0, , b = 0] = channels.map(({ mean }) => mean);
  expect(r - b).toBeGreaterThan(100);
});

test('a job tells which picture of this server it was made from, unless it is not to be kept; of a file it tells nothing', async () => {
  const customer = await http().customer();
  const drawn = await post(`/v1/${slug}`, customer, { ...small, base64: false });
  const get = async (url: string) => (await http().app.inject({ url, headers: customer.auth })).json();
  const [{ url, id: name }] = (await get(`/api/jobs/${drawn.headers[headers.requestId]}`)).images;
  const startOf = async (image: string, more: object = {}) => {
    const reply = await post('/api/jobs', customer, { prompt: 'a', model: unattended, image, ...more });
    expect(reply.statusCode, reply.body).toBe(202);
    const { id, start_image: told } = reply.json();
    expect((await get(`/api/jobs/${id}`)).start_image).toBe(told);
    await http().services.cancelJob(customer.accountId, id);
    return told;
  };
  for (const image of [url, new URL(url).pathname])
    expect(await startOf(image)).toMatch(new RegExp(`/api/images/${name}$`));
  expect((await http().app.inject({ url: new URL(await startOf(url)).pathname })).rawPayload).toEqual(drawn.rawPayload);
  expect(await startOf(url, { store: false })).toBeUndefined();
  expect(await startOf(drawn.rawPayload.toString('base64'))).toBeUndefined();
});

test('a picture that cannot be a start is refused in one sentence', async () => {
  const customer = await http().customer();
  const tiny = await sharp({ create: { width: 4, height: 400, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const sent = async (file: Buffer) =>
    (await post('/api/jobs', customer, { prompt: 'a', image: file.toString('base64') })).json().detail;
  expect(await sent(tiny)).toBe('image must have sides of at least 8 pixels (got 4×400)');
  expect(await sent(Buffer.from('not a picture'))).toMatch(/^image cannot be read: it is not a PNG/);
});

test('what a proxy passes on of its client becomes no scheme of an address', async () => {
  const app = await http().build({ trustedProxies: ['127.0.0.1'] });
  const { json } = await http().customer();
  const sent = { ...json, 'x-forwarded-proto': 'javascript' };
  const reply = await app.inject({ method: 'POST', url: `/v2/${slug}`, headers: sent, payload: small });
  expect(reply.json().poll_url).toMatch(/^http:\/\//);
});

test('JSON of more than a packet is compressed for clients that accept it, and nothing else is', async () => {
  const customer = await http().customer();
  const get = (url: string, accepted?: string) =>
    http().app.inject({
      url,
      headers: { ...customer.auth, ...(accepted !== undefined && { 'accept-encoding': accepted }) },
    });
  const plain = await get('/openapi.json');
  expect([plain.headers['content-encoding'], plain.body.startsWith('{')]).toEqual([undefined, true]);
  for (const [accepted, name, decompress] of [
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip;q=1.0, *;q=0', 'gzip', gunzipSync],
  ] as const) {
    const compressed = await get('/openapi.json', accepted);
    expect(compressed.headers).toMatchObject({
      'content-encoding': name,
      vary: expect.stringMatching(/accept-encoding/i),
    });
    expect(compressed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 5);
    expect(decompress(compressed.rawPayload).toString()).toBe(plain.body);
  }
  const balance = await get('/api/credits', 'br');
  expect([balance.headers['content-encoding'], balance.statusCode]).toEqual([undefined, 200]);
  const drawn = await post(`/v1/${slug}`, customer, { ...small, base64: false }, { 'accept-encoding': 'br, gzip' });
  expect(drawn.headers).toMatchObject({
    'content-type': 'image/jpeg',
    'content-length': String(drawn.rawPayload.length),
  });
  expect(drawn.headers['content-encoding']).toBeUndefined();
  expect(drawn.headers[headers.remainingCredits]).toBeDefined();
  const styles = await get('/docs/static/swagger-ui.css', 'br, gzip');
  expect([styles.statusCode, styles.rawPayload.length > 1400]).toEqual([200, true]);
  expect(styles.headers['content-encoding']).toBeUndefined();
  const { id } = (await post('/api/jobs', customer, small)).json();
  const events = await get(`/api/jobs/${id}/events`, 'br, gzip');
  expect([events.headers['content-type'], events.headers['content-encoding']]).toEqual([
    'text/event-stream',
    undefined,
  ]);
  const error = await get('/api/jobs?limit=x', 'br');
  expect([error.statusCode, error.json().code]).toEqual([400, 'invalid_request']);
});
