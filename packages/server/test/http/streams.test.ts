import { once } from 'node:events';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { isJobEventName, jobEventSchemas, openaiImagesReplySchema } from '@easel/contract';
import OpenAI from 'openai';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a yellow lemon', num_inference_steps: 20, width: 64, height: 64, seed: 5, preview: true };

async function jobOf({ json }: Customer, change: object = {}): Promise<string> {
  const reply = await http().app.inject({
    method: 'POST',
    url: '/api/jobs',
    headers: json,
    payload: { ...small, ...change },
  });
  return reply.json().id;
}

interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

function messagesOf(text: string): Message[] {
  return text.split('\n\n').flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const event = field('event');
    return event === undefined ? [] : [{ id: field('id'), event, data: JSON.parse(field('data') ?? 'null') }];
  });
}

test('the events of a job are those of the contract, to its end, and can be resumed after any of them', async () => {
  const customer = await http().customer();
  const url = `/api/jobs/${await jobOf(customer)}/events`;
  const reply = await http().app.inject({ url, headers: customer.auth });
  expect(reply.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  expect(reply.headers['x-remaining-credits']).toBeDefined();
  const messages = messagesOf(reply.payload);
  for (const { event, data } of messages) {
    expect(isJobEventName(event) && Check(jobEventSchemas[event], data), event).toBe(true);
  }
  const names = messages.map(({ event }) => event);
  expect(names).toContain('step');
  expect(names.at(-1)).toBe('succeeded');
  const started = messages.find(({ event }) => event === 'started');
  const resumed = await http().app.inject({ url, headers: { ...customer.auth, 'last-event-id': started?.id ?? '' } });
  const after = messages.slice(messages.indexOf(started ?? { id: '', event: '', data: null }) + 1);
  expect(messagesOf(resumed.payload)).toEqual(after);
  const refused = await http().app.inject({ url, headers: { ...customer.auth, 'last-event-id': 'x' } });
  expect(refused.statusCode).toBe(400);
  const head = await http().app.inject({ method: 'HEAD', url, headers: customer.auth });
  expect([head.statusCode, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
});

test('a stream shows signs of life while nothing happens, and ends when the server is about to', async () => {
  const stopping = new AbortController();
  const app = await http().build({ heartbeatMs: 20, stopping: stopping.signal });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const customer = await http().customer();
  const id = await jobOf(customer, { model: unattended });
  const reply = await fetch(`${url}/api/jobs/${id}/events`, { headers: customer.auth });
  let text = '';
  for await (const chunk of reply.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (/event: queued.*heartbeat.*heartbeat/s.test(text)) stopping.abort();
  }
  expect(messagesOf(text)).toMatchObject([{ event: 'queued', data: { position: 0 } }]);
});

test('clients that cut streams and pictures off are no errors of the server', async () => {
  const lines: { readonly level: string; readonly msg: string; readonly aborted?: boolean }[] = [];
  const sink = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  const app = await http().build({ logger: createLogger('info', sink), heartbeatMs: 5 });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const customer = await http().customer();
  const job = await jobOf(customer);
  const waiting = await jobOf(customer, { model: unattended });
  const { images } = await http().services.waitForJob(job, AbortSignal.timeout(120_000));
  const drawn = JSON.stringify({ prompt: 'a', size: '64x64', stream: true, partial_images: 3 });
  const cuts = [
    [`/api/jobs/${waiting}/events`, undefined],
    ['/api/events', undefined],
    [`/api/images/${images[0]?.name}`, undefined],
    ['/v1/images/generations', drawn],
  ] as const;
  const rounds = 5;
  for (let round = 0; round < rounds; round += 1) {
    for (const [path, body] of cuts) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const length = body === undefined ? [] : ['content-type: application/json', `content-length: ${body.length}`];
      const head = [
        `${body ? 'POST' : 'GET'} ${path} HTTP/1.1`,
        'host: here',
        `x-api-key: ${customer.auth['x-api-key']}`,
      ];
      socket.write(`${[...head, ...length].join('\r\n')}\r\n\r\n${body ?? ''}`);
      await once(socket, 'data');
      // With and without having read what is there.
      if (round % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
  const answered = () => lines.filter(({ msg }) => msg === 'request answered');
  await expect.poll(() => answered().length).toBe(rounds * cuts.length);
  expect(answered().filter(({ aborted }) => aborted).length).toBeGreaterThanOrEqual(2 * rounds);
  expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});

async function client(customer: Customer): Promise<OpenAI> {
  const app = await http().build({});
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return new OpenAI({ apiKey: customer.auth['x-api-key'], baseURL: `${url}/v1`, maxRetries: 0 });
}

test('the official client gets pictures, addresses and models', async () => {
  const openai = await client(await http().customer());
  const request = { model: 'dall-e-3', prompt: 'a lemon', num_inference_steps: 4, seed: null } as const;
  const made = await openai.images.generate({ ...request, n: 2 });
  expect(Check(openaiImagesReplySchema, made)).toBe(true);
  expect(made).toMatchObject({ size: '256x256', output_format: 'png', usage: { input_tokens: 2, output_tokens: 2 } });
  expect(
    Buffer.from(made.data?.[1]?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  const there = await openai.images.generate({ ...request, response_format: 'url' });
  const file = await fetch(there.data?.[0]?.url ?? '');
  expect(file.headers.get('content-type')).toBe('image/png');
  const names = (await openai.models.list()).data.map(({ id }) => id);
  expect(names).toEqual([slug, unattended]);
  expect((await openai.models.retrieve(slug)).object).toBe('model');
});

test('the official client streams previews and then the picture', async () => {
  const openai = await client(await http().customer());
  const request = {
    prompt: 'a lemon',
    size: '128x128',
    num_inference_steps: 100,
    partial_images: 2,
    stream: true,
  } as const;
  const types: string[] = [];
  for await (const event of await openai.images.generate(request)) {
    types.push(event.type);
    expect(Buffer.from(event.b64_json, 'base64').length).toBeGreaterThan(100);
  }
  // Steps are published ten times a second at most, so on a fast machine there may be fewer previews.
  expect(types.at(-1)).toBe('image_generation.completed');
  expect(types.slice(0, -1).every((type) => type === 'image_generation.partial_image')).toBe(true);
  expect(types.length).toBeLessThanOrEqual(3);
});

test('the official client is told what is wrong in its own classes of errors', async () => {
  const openai = await client(await http().customer({}, 0n));
  await expect(openai.images.generate({ prompt: 'a', model: 'nothing' })).rejects.toThrow(OpenAI.NotFoundError);
  await expect(openai.images.generate({ prompt: 'a', size: '1000x1000' })).rejects.toMatchObject({
    status: 400,
    param: 'size',
  });
  await expect(openai.images.generate({ prompt: 'a', stream: true })).rejects.toMatchObject({
    status: 406,
    code: 'insufficient_credits',
    type: 'insufficient_quota',
  });
});
