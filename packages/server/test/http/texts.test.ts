import { headers } from '@easel/contract';
import { expect, test } from 'vitest';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
/** What `text.slice(0, 4)` leaves of "a 🦊". */
const cut = 'a \ud83e';
const mended = 'a \ufffd';

const post = (url: string, { json }: Customer, payload: object | string | Buffer, more: Record<string, string> = {}) =>
  http().app.inject({ method: 'POST', url, headers: { ...json, ...more }, payload });

async function promptOf(id: string, { auth }: Customer) {
  const { prompt, prompt_2, negative_prompt } = (
    await http().app.inject({ url: `/api/jobs/${id}`, headers: auth })
  ).json();
  return { prompt, prompt_2, negative_prompt };
}

test('half of a surrogate pair is U+FFFD in every text of every surface', async () => {
  const customer = await http().customer();
  const small = { width: 64, height: 64 };
  const job = await post('/api/jobs', customer, {
    ...small,
    model: unattended,
    prompt: cut,
    prompt_2: `\udc00${cut}`,
    negative_prompt: cut,
  });
  expect(job.statusCode).toBe(202);
  expect(await promptOf(job.json().id, customer)).toEqual({
    prompt: mended,
    prompt_2: `\ufffd${mended}`,
    negative_prompt: mended,
  });
  const asynchronous = await post(`/v2/${unattended}`, customer, { ...small, prompt: cut, [cut]: cut });
  expect(asynchronous.headers[headers.ignoredFields]).toBe('a%20%EF%BF%BD');
  expect(await promptOf(asynchronous.json().request_id, customer)).toMatchObject({ prompt: mended });
  const openai = await post('/v1/images/generations', customer, {
    prompt: cut,
    user: cut,
    size: '64x64',
    num_inference_steps: 1,
  });
  expect(openai.statusCode).toBe(200);
  const synchronous = await post(`/v1/${slug}`, customer, { ...small, prompt: cut, num_inference_steps: 20 });
  expect(synchronous.statusCode).toBe(200);
  const tokens = await post('/api/tokenize', customer, { text: cut });
  expect(tokens.json()).toEqual((await post('/api/tokenize', customer, { text: mended })).json());
  const admin = await http().customer({ scopes: ['admin'] });
  expect((await post('/api/admin/accounts', admin, { name: cut })).json()).toMatchObject({ name: mended });
});

test('the character U+0000 is refused by the name of its field', async () => {
  const customer = await http().customer();
  for (const [url, field] of [
    ['/api/jobs', 'prompt'],
    ['/api/jobs', 'prompt_2'],
    [`/v1/${slug}`, 'negative_prompt'],
    ['/v1/images/generations', 'prompt'],
    ['/api/tokenize', 'text'],
  ] as const) {
    const reply = await post(url, customer, {
      prompt: 'a',
      ...(field === 'text' && { prompt: undefined }),
      [field]: 'a\0b',
    });
    expect(reply.statusCode, url).toBe(400);
    expect(reply.body, url).toContain(`${field} must be text without the character U+0000`);
  }
});

test('a body that is not UTF-8 is refused and nothing is charged, whatever its charset says', async () => {
  const customer = await http().customer();
  const latin1 = Buffer.from('{"prompt": "ein Café am Fenster"}', 'latin1');
  for (const url of [`/v1/${slug}`, `/v2/${slug}`, '/v1/images/generations', '/api/jobs', '/api/tokenize']) {
    const refused = await post(url, customer, latin1);
    expect(refused.statusCode, url).toBe(400);
    expect(refused.body, url).toContain('the body must be UTF-8');
    for (const charset of ['iso-8859-1', '"utf-16"', 'Shift_JIS']) {
      const named = await post(url, customer, latin1, { 'content-type': `application/json; charset=${charset}` });
      expect(named.statusCode, charset).toBe(400);
      expect(named.body).toContain(`got charset=${charset.replaceAll('"', '')}`);
    }
  }
  expect(await http().services.credits.balance(customer.accountId)).toEqual({ available: 1_000_000n, held: 0n });
  const utf8 = Buffer.from('\ufeff{"text": "ein Café"}');
  for (const charset of ['utf-8', '"UTF-8"', 'utf8']) {
    const taken = await post('/api/tokenize', customer, utf8, {
      'content-type': `application/json; charset=${charset}`,
    });
    expect(taken.statusCode, charset).toBe(200);
  }
});

test('a form is UTF-8 in its texts, and its files may be anything', async () => {
  const customer = await http().customer();
  const part = (name: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const form = Buffer.from(`${part('prompt', 'Café')}--b--\r\n`, 'latin1');
  const reply = await post('/api/jobs', customer, form, { 'content-type': 'multipart/form-data; boundary=b' });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ param: 'prompt', detail: 'the form field "prompt" must be UTF-8' });
});

test('a query is UTF-8', async () => {
  const customer = await http().customer();
  const { id } = (
    await post('/api/jobs', customer, { model: unattended, prompt: 'ein Café', width: 64, height: 64 })
  ).json();
  const list = (query: string) => http().app.inject({ url: `/api/jobs?${query}`, headers: customer.auth });
  expect((await list('q=Caf%C3%A9')).json().jobs.map((job: { id: string }) => job.id)).toEqual([id]);
  for (const query of ['q=Caf%E9', 'q=%ED%A0%BD']) {
    const reply = await list(query);
    expect(reply.statusCode, query).toBe(400);
    expect(reply.json().detail).toContain('the query must be percent-encoded UTF-8');
  }
  expect((await list('q=100%25')).statusCode).toBe(200);
});
