import { builtInStyles, headers } from '@easel/contract';
import { decodeImage } from '@easel/engine';
import { parseParameters, readParameters } from '@easel/parameters';
import { expect, test } from 'vitest';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();

const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, { auth, json }: Customer, payload?: object) =>
  http().app.inject({ method, url, headers: payload ? json : auth, ...(payload && { payload }) });

/** The picture of a request, as Segmind's surface sends it. */
async function picture(customer: Customer, request: object) {
  const small = { width: 64, height: 64, num_inference_steps: 20, seed: 7, base64: false, image_format: 'png' };
  const reply = await send('POST', `/v1/${slug}`, customer, { ...small, ...request });
  expect(reply.statusCode, reply.body.slice(0, 300)).toBe(200);
  const parameters = parseParameters(readParameters(reply.rawPayload) ?? '');
  return { pixels: (await decodeImage(reply.rawPayload)).data, parameters };
}

test('weights and long prompts change the picture only when they are asked for, and its file tells', async () => {
  const customer = await http().customer();
  const plain = await picture(customer, { prompt: 'a red fox' });
  const weighted = await picture(customer, { prompt: 'a (red:0) fox', prompt_weighting: true });
  expect(weighted.parameters).toMatchObject({ prompt: 'a (red:0) fox', promptWeighting: true });
  expect(weighted.pixels).not.toEqual(plain.pixels);
  const same = await picture(customer, { prompt: 'a red fox', prompt_weighting: true, long_prompts: 'true' });
  expect(same.pixels).toEqual(plain.pixels);
  expect(same.parameters).toMatchObject({ promptWeighting: true, longPrompts: true });
});

test('tokenize counts what the options make of a text', async () => {
  const customer = await http().customer();
  const tokens = async (body: object) => (await send('POST', '/api/tokenize', customer, body)).json();
  const text = `(red:1.5) fox BREAK ${'owl '.repeat(80)}`;
  const plain = await tokens({ text });
  expect(plain.foreign_syntax.map((each: { text: string }) => each.text)).toEqual(['(red:1.5)', 'BREAK']);
  expect(plain.encoders[0]).toMatchObject({ limit: 75, truncated: expect.stringMatching(/owl$/) });
  const read = await tokens({ text, prompt_weighting: true, long_prompts: true });
  expect(read.foreign_syntax).toEqual([]);
  expect(read.encoders[0]).toMatchObject({ count: 82, limit: 600, truncated: '' });
  expect(read.encoders[0].ids).toHaveLength(82);
});

test('a style makes the picture of the prompt that it stands for, while job and file keep the prompt and name the style', async () => {
  const customer = await http().customer();
  const ink = builtInStyles.find(({ name }) => name === 'ink');
  const whole = ink?.prompt.replace('{prompt}', 'a fox') ?? '';
  const styled = await picture(customer, { prompt: 'a fox', negative_prompt: 'snow', style: 'ink' });
  const spelt = await picture(customer, { prompt: whole, negative_prompt: `snow, ${ink?.negativePrompt}` });
  expect(styled.pixels).toEqual(spelt.pixels);
  expect(styled.parameters).toMatchObject({ prompt: 'a fox', negativePrompt: 'snow', style: 'ink' });
  const job = { prompt: 'a fox', style: 'ink', img_width: 64, img_height: 64, model: unattended };
  const created = await send('POST', '/api/jobs', customer, job);
  expect(created.json()).toMatchObject({ prompt: 'a fox', negative_prompt: null, style: 'ink' });
  await send('DELETE', `/api/jobs/${created.json().id}`, customer);
});

test('an account saves, replaces, uses and deletes styles of its own, which no other account has', async () => {
  const [customer, other] = [await http().customer(), await http().customer()];
  const put = (name: string, body: object) => send('PUT', `/api/styles/${name}`, customer, body);
  expect((await put('mine', { prompt: 'a first {prompt}' })).json()).toEqual({
    name: 'mine',
    prompt: 'a first {prompt}',
    is_own: true,
  });
  await put('mine', { prompt: 'a sketch of {prompt}', negative_prompt: 'colour' });
  const list = async (each: Customer) => (await send('GET', '/api/styles', each)).json().styles;
  expect((await list(customer)).at(-1)).toMatchObject({ name: 'mine', negative_prompt: 'colour', is_own: true });
  expect(await list(other)).toHaveLength(builtInStyles.length);

  const styled = await picture(customer, { prompt: 'a fox', style: 'mine' });
  const spelt = await picture(customer, { prompt: 'a sketch of a fox', negative_prompt: 'colour' });
  expect(styled.pixels).toEqual(spelt.pixels);
  const foreign = await send('POST', `/v1/${slug}`, other, { prompt: 'a fox', style: 'mine' });
  expect([foreign.statusCode, foreign.headers[headers.cost]]).toEqual([400, '0']);
  expect(foreign.json().error).toMatch(/style must be a known style \(got "mine"\); the styles are .*watercolour/);

  expect((await send('DELETE', '/api/styles/mine', customer)).statusCode).toBe(204);
  expect((await send('DELETE', '/api/styles/mine', customer)).statusCode).toBe(404);
  expect((await put('Two_Words', { prompt: '{prompt}' })).statusCode).toBe(404);
  expect((await send('DELETE', '/api/styles/ink', customer)).json().detail).toContain('cannot be deleted');
});

test.each([
  ['ink', { prompt: '{prompt}' }, "is a style of Easel's own"],
  ['mine', { prompt: 'no place' }, 'must have {prompt} once'],
  ['mine', { prompt: '{prompt} and {prompt}' }, 'must have {prompt} once'],
  ['mine', { prompt: '' }, 'prompt must'],
  ['mine', { prompt: '{prompt}', negative: 'x' }, 'negative'],
])('the style %s of %j is refused', async (name, body, message) => {
  const reply = await send('PUT', `/api/styles/${name}`, await http().customer(), body);
  expect(reply.statusCode).toBe(400);
  expect(reply.body).toContain(message);
});
