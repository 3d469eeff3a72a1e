import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { headers, jobSchema } from '@easel/contract';
import { quantizeModel, readParameters } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { sql } from 'kysely';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { findSpeeds } from '../../src/jobs/speed.ts';
import { openServedModel, servedModels } from '../../src/models/served-models.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a green pear', num_inference_steps: 20, width: 64, height: 64, seed: 11 };

const post = (url: string, { json }: Customer, payload: object, more: Readonly<Record<string, string>> = {}) =>
  http().app.inject({ method: 'POST', url, headers: { ...json, ...more }, payload });
const get = (url: string, { auth }: Customer) => http().app.inject({ url, headers: auth });

async function finished(id: string, customer: Customer) {
  const view = async () => (await get(`/api/jobs/${id}`, customer)).json();
  await expect.poll(async () => (await view()).status).toBe('succeeded');
  return view();
}

test('a profile is priced as quoted, and told in the job, in the headers and in the picture, which can be made again by it', async () => {
  const customer = await http().customer();
  const pictures = new Map<string, Buffer>();
  for (const [profile, price] of [
    ['exact', 0.000012],
    ['int8', 0.000006],
    ['fast', 0.000003],
  ] as const) {
    const query = `num_inference_steps=20&width=64&height=64&profile=${profile}`;
    expect((await get(`/api/price?${query}`, customer)).json()).toMatchObject({ price, profile });
    const payload = { ...small, profile, image_format: 'png', base64: false };
    const reply = await post(`/v1/${slug}`, customer, payload);
    expect(Number(reply.headers[headers.cost])).toBe(price);
    expect(JSON.parse(String(reply.headers[headers.outputMetadata]))).toMatchObject({ profile });
    const text = readParameters(reply.rawPayload) ?? '';
    expect(/, Profile: (\w+)/.exec(text)?.[1] ?? 'exact').toBe(profile);
    const { body: _, ...again } = await finished(String(reply.headers[headers.requestId]), customer);
    expect(Check(jobSchema, again)).toBe(true);
    expect(again).toMatchObject({ profile, price });
    const repeated = await post(`/v1/${slug}`, customer, payload);
    expect(repeated.rawPayload.equals(reply.rawPayload)).toBe(true);
    pictures.set(profile, reply.rawPayload);
  }
  expect(new Set([...pictures.values()].map(String)).size).toBe(3);
  const speeds = await http().jobs.database.transaction((queries) => findSpeeds(queries, slug));
  expect(speeds.each.flatMap((each) => [...each.keys()]).sort()).toEqual(['exact', 'fast', 'int8']);
});

test('a quote tells the time of each profile as it was measured, and of one that never ran that it was not', async () => {
  const customer = await http().customer();
  const profilesOf = async (query: string) => (await get(`/api/price?${query}`, customer)).json().profiles;
  const quoted = await profilesOf(`model=${slug}&num_inference_steps=20&width=64&height=64`);
  expect(quoted).toEqual([
    { profile: 'exact', price: 0.000012, seconds: expect.any(Number) },
    { profile: 'int8', price: 0.000006, seconds: expect.any(Number) },
    { profile: 'fast', price: 0.000003, seconds: expect.any(Number) },
  ]);
  const twice = await profilesOf(`model=${slug}&samples=2&num_inference_steps=20&width=64&height=64`);
  for (const [index, { seconds }] of twice.entries()) expect(seconds).toBeCloseTo(2 * quoted[index].seconds, 2);
  expect(await profilesOf(`model=${unattended}`)).toEqual([
    { profile: 'exact', price: expect.any(Number), seconds: null },
  ]);
});

test('the OpenAI surface and the jobs take it as well', async () => {
  const customer = await http().customer();
  for (const size of ['64x64', 'auto']) {
    const openai = { prompt: 'a green pear', size, profile: 'fast', guidance_scale: 5 };
    const reply = await post('/v1/images/generations', customer, openai);
    const metadata = JSON.parse(String(reply.headers[headers.outputMetadata]));
    expect(metadata).toMatchObject({ profile: 'fast', guidance_scale: 5 });
  }
  const streamed = { prompt: 'a green pear', size: '64x64', profile: 'fast', stream: true };
  expect((await post('/v1/images/generations', customer, streamed)).body).toMatch(/completed.*"profile":"fast"/);
  const job = (await post('/api/jobs', customer, { ...small, profile: 'int8' })).json();
  expect(job).toMatchObject({ profile: 'int8', price: 0.000006 });
  await finished(job.id, customer);
  const few = (await post('/api/jobs', customer, { ...small, num_inference_steps: 8, profile: 'fast' })).json();
  expect(few.notes).toMatchObject([
    { code: 'profile', field: 'profile', message: expect.stringContaining('20 steps') },
  ]);
  await finished(few.id, customer);
});

test.each([
  ['/api/jobs', { ...small, model: unattended }],
  [`/v1/${unattended}`, small],
  ['/v1/images/generations', { prompt: 'a', model: unattended }],
])(
  '%s refuses a profile that the model does not offer, with those that it does, and nothing is charged',
  async (url, body) => {
    const customer = await http().customer();
    const reply = await post(url, customer, { ...body, profile: 'fast' });
    expect(reply.statusCode).toBe(400);
    expect(reply.body).toContain(
      `profile must be exact with the model ${unattended} (got \\"fast\\"): its 8-bit weights have not been made`,
    );
    const unknown = await post(url, customer, { ...body, profile: 'turbo' });
    expect(unknown.statusCode).toBe(400);
    expect(unknown.body).toMatch(/profile must be .*exact.*int8.*fast.*turbo/);
    const quote = await get(`/api/price?model=${unattended}&profile=int8`, customer);
    expect(quote.json()).toMatchObject({ status: 400, param: 'profile' });
    const credits = (await get('/api/credits', customer)).json();
    expect(credits).toMatchObject({ balance: 1, held: 0 });
  },
);

test('models tell their profiles and the default one', async () => {
  const customer = await http().customer();
  const { models } = (await get('/api/models', customer)).json();
  const of = (model: { parameters: { profile: object }; defaults: { profile: string } }) => [
    model.parameters.profile,
    model.defaults.profile,
  ];
  expect(models.map(of)).toEqual([
    [{ choices: ['exact', 'int8', 'fast'], default: 'exact' }, 'exact'],
    [{ choices: ['exact'], default: 'exact' }, 'exact'],
  ]);
  expect((await get('/v1/models', customer)).json().data).toMatchObject([
    { id: slug, profiles: ['exact', 'int8', 'fast'], default_profile: 'exact' },
    { id: unattended, profiles: ['exact'], default_profile: 'exact' },
  ]);
});

test('a job from before there were profiles is exact, and its idempotency key still leads to it', async () => {
  const customer = await http().customer();
  const key = { [headers.idempotencyKey]: 'before-profiles' };
  const job = (await post('/api/jobs', customer, small, key)).json();
  await finished(job.id, customer);
  const { kysely } = http().jobs.database;
  await kysely.updateTable('jobs').set({ request: sql`request - 'profile'` }).where('id', '=', job.id).execute();
  expect((await get(`/api/jobs/${job.id}`, customer)).json()).toMatchObject({ profile: 'exact' });
  const replayed = (await post('/api/jobs', customer, small, key)).json();
  expect(replayed).toMatchObject({ id: job.id, profile: 'exact' });
});

test('weights in 8 bits that are made while the server runs are found', async () => {
  const int8File = join(await mkdtemp(join(tmpdir(), 'easel-')), 'demo.int8');
  const opened = await openServedModel({ slug: 'demo', model: 'demo', int8File }, true, {});
  const profiles = () => opened.card.allowed.profile;
  expect(profiles()).toEqual({ choices: ['exact'], because: 'its 8-bit weights have not been made' });
  await quantizeModel(demoModelPath, { output: int8File });
  expect(profiles()).toEqual({ choices: ['exact', 'int8', 'fast'], because: undefined });
  await rm(dirname(int8File), { recursive: true });
});

test('a default profile that a model cannot do is refused at the start, with what makes it possible', async () => {
  const env = { EASEL_DEFAULT_PROFILE: 'fast', EASEL_INT8_FILES: '{"playground-v2.5": "/nowhere/demo.int8"}' };
  const [model] = servedModels(await loadConfig({ env }));
  await expect(openServedModel(model, true, {})).rejects.toMatchObject({
    message: 'defaultProfile is fast, but the model playground-v2.5 has no weights in 8 bits',
    remedy: expect.stringMatching(/^make them once with: easel model quantize .*; or set defaultProfile to exact$/),
  });
  const fine = servedModels(await loadConfig({ env: { EASEL_DEFAULT_PROFILE: 'fast' } }))[0];
  expect((await openServedModel(fine, true, {})).card.defaults.profile).toBe('fast');
});
