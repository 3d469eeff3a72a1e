import { headers, segmindResultSchema } from '@easel/contract';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
/** As little work as the surface allows. */
const small = { prompt: 'a red apple', num_inference_steps: 20, width: 64, height: 64, seed: 7 };

test('by default the pictures come as base64, with the price and all that was used in headers', async () => {
  const { json } = await http().customer();
  const reply = await http().app.inject({
    method: 'POST',
    url: `/v1/${slug}`,
    headers: json,
    payload: { ...small, samples: '2' },
  });
  expect(reply.statusCode).toBe(200);
  const { image, images, seed, seeds } = reply.json();
  expect({ seed, seeds }).toEqual({ seed: 7, seeds: [7, 8] });
  expect(images).toHaveLength(2);
  expect(image).toBe(images[0]);
  expect([...Buffer.from(image, 'base64').subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  expect(reply.headers).toMatchObject({
    [headers.cost]: '0.000024',
    [headers.remainingCredits]: '0.999976',
    [headers.seedValue]: '7',
    [headers.model]: 'easel-demo',
    [headers.rateLimitLimit]: '1000',
    [headers.rateLimitRemaining]: '999',
  });
  expect(Number(reply.headers[headers.generationTime])).toBeGreaterThan(0);
  expect(JSON.parse(String(reply.headers[headers.outputMetadata]))).toEqual({
    width: 64,
    height: 64,
    seed: 7,
    steps: 20,
    guidance_scale: 3,
    scheduler: 'edm_dpmpp_2m',
    profile: 'exact',
    device: 'cpu',
    model: 'easel-demo',
  });
});

test.each([
  ['num_inference_steps', 19],
  ['guidance_scale', 0.5],
  ['scheduler', 'euler'],
])('Playground v2.5 takes no %s of %s here, though other models may', async (param, value) => {
  const { json } = await http().customer();
  const payload = { ...small, [param]: value };
  const reply = await http().app.inject({ method: 'POST', url: `/v1/${slug}`, headers: json, payload });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ code: 'invalid_request', param });
});

test.each(['jpeg', 'png', 'webp'])(
  'without base64 the reply is the file itself, of exactly the type image/%s',
  async (format) => {
    const { json } = await http().customer();
    const payload = { ...small, base64: 0, samples: 2, image_format: format, webhook: 'x' };
    const reply = await http().app.inject({ method: 'POST', url: `/v1/${slug}`, headers: json, payload });
    expect(reply.headers['content-type']).toBe(`image/${format}`);
    expect(reply.headers[headers.ignoredFields]).toBe('webhook');
    const links = [reply.headers.link]
      .flat()
      .map((link) => /^<http:\/\/localhost:80(.+)>; rel="item"$/.exec(String(link))?.[1]);
    expect(links).toHaveLength(2);
    const first = await http().app.inject({ url: links[0] ?? '' });
    expect(first.rawPayload.equals(reply.rawPayload)).toBe(true);
  },
);

test('a form with an uploaded picture is the same request as JSON with base64', async () => {
  const { json, auth } = await http().customer();
  const made = await http().app.inject({
    method: 'POST',
    url: `/v1/${slug}`,
    headers: json,
    payload: { ...small, base64: false },
  });
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...small, base64: 'false', strength: '0.5' }))
    form.set(name, String(value));
  form.set('image', new Blob([made.rawPayload], { type: 'image/jpeg' }), 'apple.jpg');
  const sent = new Request('http://localhost', { method: 'POST', body: form });
  const asForm = await http().app.inject({
    method: 'POST',
    url: `/v1/${slug}`,
    headers: { ...auth, 'content-type': String(sent.headers.get('content-type')) },
    payload: Buffer.from(await sent.arrayBuffer()),
  });
  const image = `data:image/jpeg;base64,${made.rawPayload.toString('base64')}`;
  const payload = { ...small, base64: false, strength: 0.5, image };
  const asJson = await http().app.inject({ method: 'POST', url: `/v1/${slug}`, headers: json, payload });
  expect(asForm.statusCode).toBe(200);
  expect(asForm.rawPayload.equals(asJson.rawPayload)).toBe(true);
  expect(asForm.rawPayload.equals(made.rawPayload)).toBe(false);
});

test('a picture made here can be the start of another by its address, and nothing else on the web can', async () => {
  const { json } = await http().customer();
  const made = await http().app.inject({
    method: 'POST',
    url: `/v1/${slug}`,
    headers: json,
    payload: { ...small, samples: 2, base64: false },
  });
  const own = /<(.+?)>/.exec(String(made.headers.link))?.[1];
  const from = (image: unknown) =>
    http().app.inject({ method: 'POST', url: `/v1/${slug}`, headers: json, payload: { ...small, image } });
  expect((await from(own)).statusCode).toBe(200);
  for (const image of ['https://example.org/a.png', 'AAAA', '%%%', `http://localhost:80/api/jobs`]) {
    const reply = await from(image);
    expect(reply.statusCode, image).toBe(400);
    expect(reply.json().param).toBe('image');
  }
});

test('the asynchronous calls lead from one absolute address to the next and end with the pictures', async () => {
  const { json, auth, accountId } = await http().customer();
  const submitted = await http().app.inject({
    method: 'POST',
    url: `/v2/${slug}`,
    headers: { ...json, host: 'easel.example:8400' },
    payload: small,
  });
  expect(submitted.statusCode).toBe(200);
  const { request_id: id, status, status_url, response_url, poll_url } = submitted.json();
  expect({ status, status_url, response_url, poll_url }).toEqual({
    status: 'QUEUED',
    status_url: `http://easel.example:8400/v2/requests/${id}/status`,
    response_url: `http://easel.example:8400/v2/requests/${id}`,
    poll_url: `http://easel.example:8400/v1/requests/${id}`,
  });
  const get = (url: string) => http().app.inject({ url: new URL(url).pathname, headers: auth });
  await expect.poll(async () => (await get(status_url)).json().status).toBe('COMPLETED');
  const result = (await get(response_url)).json();
  expect(Check(segmindResultSchema, result)).toBe(true);
  expect(result.metrics).toMatchObject({ cost: 0.000012, remaining_credits: 0.999988 });
  expect((await get(poll_url)).json()).toEqual(result);
  const stranger = await http().customer();
  expect((await http().app.inject({ url: `/v2/requests/${id}`, headers: stranger.auth })).statusCode).toBe(404);
  expect((await http().services.credits.balance(accountId)).held).toBe(0n);
});

test('a cancelled request is FAILED with 422, and its price is back', async () => {
  const { json, auth } = await http().customer();
  const { request_id: id } = (
    await http().app.inject({ method: 'POST', url: `/v2/${unattended}`, headers: json, payload: small })
  ).json();
  const waiting = await http().app.inject({ url: `/v2/requests/${id}`, headers: auth });
  expect(waiting.json()).toMatchObject({ status: 'QUEUED', metrics: {} });
  expect(waiting.headers[headers.remainingCredits]).toBe('0.999988');
  await http().app.inject({ method: 'DELETE', url: `/api/jobs/${id}`, headers: auth });
  for (const url of [`/v2/requests/${id}`, `/v2/requests/${id}/status`, `/v1/requests/${id}`]) {
    const reply = await http().app.inject({ url, headers: auth });
    expect(reply.statusCode).toBe(422);
    expect(reply.json()).toMatchObject({ status: 'FAILED', error: 'cancelled', request_id: id });
    expect(reply.headers[headers.remainingCredits]).toBe('1');
  }
});

test('the credits come under the names that the vendor has', async () => {
  const { auth } = await http().customer();
  const reply = await http().app.inject({
    url: '/v1/get-user-credits',
    headers: { authorization: `Bearer ${auth['x-api-key']}` },
  });
  expect(reply.json()).toEqual({ credits: 1, 'free-credits': 0 });
});
