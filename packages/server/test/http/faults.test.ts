import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headers } from '@easel/contract';
import { demoModelPath } from '@easel/models';
import { expect, test } from 'vitest';
import { databaseLost } from '../../src/database/away.ts';
import { type Painter, PaintingFailed } from '../../src/models/painter.ts';
import type { ReviewHook } from '../../src/models/review.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { type Customer, slug, useHttp } from './http-server.ts';

const broken = 'an engine that breaks';
const indecent = 'a picture that the hook refuses';

/** Breaks at one prompt, as the engine does when its memory is not enough. */
function breaking(engine: Painter): Painter {
  return {
    models: () => engine.models(),
    refreshModels: () => engine.refreshModels(),
    tokenize: (model, text) => engine.tokenize(model, text),
    engines: () => engine.engines(),
    isNeeded: (model, index, signal) => engine.isNeeded(model, index, signal),
    warmUp: (model, index, signal) => engine.warmUp(model, index, signal),
    memory: () => engine.memory(),
    close: () => engine.close(),
    async paint(request, options) {
      if (request.prompt !== broken) return engine.paint(request, options);
      throw new PaintingFailed('server_error', 'the engine ran out of memory', { isWorthRetrying: false });
    },
  };
}

const hook: ReviewHook = {
  review: async ({ request }) =>
    request.prompt === indecent ? { accept: false, reason: 'not on this server' } : { accept: true },
};

/** A model whose VAE gives what is no number, as one that overflows in half precision. */
const overflowing = 'overflowing';

const http = useHttp({
  painterOf: breaking,
  hook,
  moreModels: async (folder) => [{ slug: overflowing, model: await withoutNumbers(join(folder, overflowing)) }],
});

/** The embedded model, with NaN for the biases of the last layer of its VAE. */
async function withoutNumbers(model: string): Promise<string> {
  await cp(demoModelPath, model, { recursive: true });
  const file = join(model, 'vae/diffusion_pytorch_model.fp16.safetensors');
  const bytes = await readFile(file);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { data_offsets: place } = JSON.parse(bytes.toString('utf8', 8, end))['decoder.conv_out.bias'];
  bytes.fill(0xff, end + place[0], end + place[1]);
  await writeFile(file, bytes);
  return model;
}
const small = { num_inference_steps: 20, width: 64, height: 64 };
/** The smallest size is that of the OpenAI surface. */
const asOpenai = { num_inference_steps: 1, size: '64x64' };

const post = (url: string, { json }: Customer, payload: object) =>
  http().app.inject({ method: 'POST', url, headers: json, payload });

const faults = [
  { prompt: broken, status: 500, code: 'server_error', text: /ran out of memory/ },
  { prompt: indecent, status: 422, code: 'content_rejected', text: /not on this server/ },
] as const;

async function expectNothingCharged({ accountId }: Customer) {
  expect(await http().services.credits.balance(accountId)).toEqual({ available: 1_000_000n, held: 0n });
  await expectSoundLedger(http().jobs.database);
}

test.each(faults)('$status $code on the segmind surface: told with its reason, and not charged', async (fault) => {
  const customer = await http().customer();
  const reply = await post(`/v1/${slug}`, customer, { ...small, prompt: fault.prompt });
  expect(reply.statusCode).toBe(fault.status);
  expect(reply.json()).toEqual({
    error: expect.stringMatching(fault.text),
    code: fault.code,
    request_id: reply.headers[headers.requestId],
  });
  expect(reply.headers).toMatchObject({ [headers.remainingCredits]: '1', [headers.cost]: '0' });
  await expectNothingCharged(customer);
});

test.each(faults)('$status $code on the asynchronous surface is FAILED with 422', async (fault) => {
  const customer = await http().customer();
  const submitted = (await post(`/v2/${slug}`, customer, { ...small, prompt: fault.prompt })).json();
  const result = () => http().app.inject({ url: `/v2/requests/${submitted.request_id}`, headers: customer.auth });
  await expect.poll(async () => (await result()).statusCode).toBe(422);
  expect((await result()).json()).toMatchObject({ status: 'FAILED', error: expect.stringMatching(fault.text) });
  await expectNothingCharged(customer);
});

test.each(faults)('$status $code on the OpenAI surface, plain and in a stream', async (fault) => {
  const customer = await http().customer();
  const payload = { ...asOpenai, prompt: fault.prompt };
  const plain = await post('/v1/images/generations', customer, payload);
  expect(plain.statusCode).toBe(fault.status);
  expect(plain.json().error).toMatchObject({ message: expect.stringMatching(fault.text), code: fault.code });
  const stream = await post('/v1/images/generations', customer, { ...payload, stream: true });
  expect(stream.payload).toMatch(fault.text);
  expect(stream.payload).toContain(`"code":"${fault.code}"`);
  await expectNothingCharged(customer);
});

test.each(faults)('$status $code of a job is its last event and stays in its record', async (fault) => {
  const customer = await http().customer();
  const { id } = (await post('/api/jobs', customer, { ...small, prompt: fault.prompt })).json();
  const events = await http().app.inject({ url: `/api/jobs/${id}/events`, headers: customer.auth });
  expect(events.payload.trimEnd().split('\n\n').at(-1)).toMatch(/^event: failed$/m);
  const job = (await http().app.inject({ url: `/api/jobs/${id}`, headers: customer.auth })).json();
  expect(job).toMatchObject({ status: 'failed', images: [], error: { code: fault.code } });
  expect(job.error.message).toMatch(fault.text);
  await expectNothingCharged(customer);
});

test('an engine that gives NaN fails its own jobs, at the first attempt and without a charge, and others go on', async () => {
  const customer = await http().customer();
  const body = { model: overflowing, num_inference_steps: 1, prompt: 'a red apple' };
  const reply = await post('/v1/images/generations', customer, body);
  expect([reply.statusCode, reply.headers[headers.cost]]).toEqual([500, '0']);
  expect(reply.json().error.message).toMatch(/NaN or infinite values.*nothing was charged/);
  await expectNothingCharged(customer);
  const { jobs } = await http().services.jobs.list({ accountId: customer.accountId, limit: 10 });
  expect(jobs).toMatchObject([{ job: { state: 'failed', attempt: 1 } }]);
  const other = await post(`/v1/${slug}`, customer, { ...small, prompt: 'a red apple' });
  expect(other.statusCode).toBe(200);
});

test('after a failure the same idempotency key starts anew, for only successes are replayed', async () => {
  const customer = await http().customer();
  const ask = () =>
    http().app.inject({
      method: 'POST',
      url: `/v1/${slug}`,
      headers: { ...customer.json, 'idempotency-key': 'again' },
      payload: { ...small, prompt: broken },
    });
  const [first, second] = [await ask(), await ask()];
  expect([first.statusCode, second.statusCode]).toEqual([500, 500]);
  const { jobs } = await http().services.jobs.list({ accountId: customer.accountId, limit: 10 });
  expect(jobs).toHaveLength(2);
});

test('a database that is away is 503 with the time to come back, on every surface, and nothing of it is told', async () => {
  const away = async () => Promise.reject(databaseLost(new Error('connect ECONNREFUSED easel:hunter2@db.example')));
  const app = await http().build({}, { keys: { ...http().services.keys, authenticate: away } });
  const { json } = await http().customer();
  for (const url of [`/v1/${slug}`, `/v2/${slug}`, '/v1/images/generations', '/api/jobs', '/api/tokenize']) {
    const reply = await app.inject({ method: 'POST', url, headers: json, payload: { ...small, prompt: 'a' } });
    expect([reply.statusCode, reply.headers[headers.retryAfter]], url).toEqual([503, expect.stringMatching(/^[1-9]/)]);
    expect(reply.payload, url).toContain('"overloaded"');
    expect(reply.payload, url).not.toContain('hunter2');
  }
});

test('what nobody foresaw is 500 in the shape of the surface, with a request id and without its words', async () => {
  const gone = async () => Promise.reject(new Error('connect ECONNREFUSED postgres://easel:hunter2@db.example/easel'));
  const app = await http().build({}, { submitJob: gone, checkSubmission: gone });
  const { json } = await http().customer();
  const reply = await app.inject({
    method: 'POST',
    url: `/v1/${slug}`,
    headers: json,
    payload: { ...small, prompt: 'a' },
  });
  expect(reply.statusCode).toBe(500);
  expect(reply.json()).toMatchObject({ code: 'server_error', request_id: reply.headers[headers.requestId] });
  expect(reply.payload).not.toContain('hunter2');
});
