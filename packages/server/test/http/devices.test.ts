import type { Device, Profile, WorkerEngine } from '@easel/contract';
import { headers } from '@easel/contract';
import { readParameters } from '@easel/engine';
import { afterEach, expect, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import { saveSpeed } from '../../src/jobs/speed.ts';
import { deleteWorker, saveWorker } from '../../src/workers/workers-table.ts';
import { type Customer, slug, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a green pear', num_inference_steps: 20, width: 64, height: 64, seed: 11 };
const cpu = { name: 'cpu', title: 'CPU', arithmetic: 'float32' } as const;
const card = { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32', adapter: 'A card', memory_bytes: 8e9 } as const;
let workers: string[] = [];

const get = (url: string, { auth }: Customer) => http().app.inject({ url, headers: auth });
const post = (url: string, { json }: Customer, payload: object) =>
  http().app.inject({ method: 'POST', url, headers: json, payload });

afterEach(async () => {
  for (const id of workers) await http().jobs.database.transaction((queries) => deleteWorker(queries, id));
  workers = [];
});

/** A worker on another machine makes itself known, as it does every two seconds. */
async function announce(...engines: readonly (Device | null)[]): Promise<void> {
  const now = new Date();
  const id = newId();
  workers.push(id);
  const engineOf = (device: Device | null, index: number): WorkerEngine => ({
    model: slug,
    card: index,
    device,
    profiles: device && profilesOn(device),
  });
  await http().jobs.database.transaction((queries) =>
    saveWorker(queries, {
      id,
      hostname: 'render',
      pid: 1,
      models: [slug],
      startedAt: now,
      state: 'idle',
      runningJob: null,
      problem: null,
      modelMemory: new Map(),
      engines: engines.map(engineOf),
    }),
  );
}

function profilesOn({ name }: Device): Profile[] {
  return name === 'cpu' ? ['exact', 'int8', 'fast'] : ['exact', 'fast'];
}

async function modelNow(customer: Customer) {
  const { models } = (await get('/api/models', customer)).json();
  return models[0];
}

test('a picture of every surface tells the device that drew it, and one of the CPU is the same file as ever', async () => {
  const customer = await http().customer();
  const png = await post(`/v1/${slug}`, customer, { ...small, image_format: 'png', base64: false });
  expect(png.headers[headers.device]).toBe('cpu');
  expect(JSON.parse(String(png.headers[headers.outputMetadata]))).toMatchObject({ device: 'cpu' });
  expect(readParameters(png.rawPayload)).not.toMatch(/Device|Arithmetic/);

  const id = String(png.headers[headers.requestId]);
  const job = (await get(`/api/jobs/${id}`, customer)).json();
  expect(job).toMatchObject({ status: 'succeeded', device: 'cpu' });
  expect(job).not.toHaveProperty('arithmetic');
  expect((await http().app.inject({ url: new URL(job.images[0].url).pathname })).headers[headers.device]).toBe('cpu');
  for (const path of [`/v1/requests/${id}`, `/v2/requests/${id}`])
    expect((await get(path, customer)).headers[headers.device]).toBe('cpu');

  const openai = { prompt: 'a green pear', size: '64x64' };
  expect((await post('/v1/images/generations', customer, openai)).headers[headers.device]).toBe('cpu');
  const streamed = await post('/v1/images/generations', customer, { ...openai, stream: true });
  expect(streamed.body).toMatch(/"device":"cpu"/);
});

test('a job of an earlier release, which did not tell, was drawn on the CPU; one that has not ended on nothing', async () => {
  const customer = await http().customer();
  const reply = await post(`/v1/${slug}`, customer, { ...small, base64: false });
  const id = String(reply.headers[headers.requestId]);
  const { kysely } = http().jobs.database;
  await kysely.updateTable('jobs').set({ device: null, arithmetic: null }).where('id', '=', id).execute();
  expect((await get(`/api/jobs/${id}`, customer)).json()).toMatchObject({ device: 'cpu' });
  const waiting = (await post('/api/jobs', customer, { prompt: 'a', model: 'unattended' })).json();
  expect(waiting).toMatchObject({ status: 'queued', device: null });
  await http().app.inject({ method: 'DELETE', url: `/api/jobs/${waiting.id}`, headers: customer.auth });
});

test('models tell what they run on, on all workers, and why not on another device', async () => {
  const customer = await http().customer();
  expect((await modelNow(customer)).devices).toEqual([]);
  await announce(card, card);
  await announce({ ...cpu, reason: 'WebGPU: no graphics card was found' }, null);
  await expect
    .poll(async () => (await modelNow(customer)).devices)
    .toEqual([
      { ...card, engines: 2 },
      { ...cpu, reason: 'WebGPU: no graphics card was found', engines: 1 },
    ]);
  const [openai] = (await get('/v1/models', customer)).json().data;
  expect(openai.devices).toHaveLength(2);
  const admin = await http().customer({ scopes: ['admin'] });
  const listed = (await get('/api/admin/workers', admin)).json().workers;
  expect(listed[0].engines).toEqual(
    [0, 1].map((index) => ({ model: slug, card: index, device: card, profiles: ['exact', 'fast'] })),
  );
  expect(listed[1].engines[1]).toEqual({ model: slug, card: 1, device: null, profiles: null });
});

test.each([
  ['/api/jobs', small],
  [`/v1/${slug}`, small],
  ['/v1/images/generations', { prompt: 'a' }],
])('%s refuses a profile that the device lacks, with the reason, and nothing is charged', async (url, body) => {
  const customer = await http().customer();
  await announce(cpu);
  await announce(card);
  await expect.poll(async () => (await modelNow(customer)).parameters.profile.choices).toEqual(['exact', 'fast']);
  const reply = await post(url, customer, { ...body, profile: 'int8' });
  expect(reply.statusCode).toBe(400);
  expect(reply.body).toContain(
    `profile must be one of exact, fast with the model ${slug} (got \\"int8\\"): ` +
      'networks in 8 bits run on the CPU only, and this model runs on WebGPU',
  );
  expect((await get('/api/price?profile=int8', customer)).statusCode).toBe(400);
  const { entries } = (await get('/api/ledger', customer)).json();
  expect(entries.filter(({ kind }: { kind: string }) => kind !== 'grant')).toEqual([]);
});

test('a waiting time is that of the devices that work now, not of those that a model ran on before', async () => {
  const customer = await http().customer();
  const { database } = http().jobs;
  const speed = { msPerStepMegapixel: 100_000, msPerImage: 0, runs: 9 };
  const save = (device: string, ms: number) =>
    database.transaction((queries) =>
      saveSpeed(queries, { model: 'unattended', profile: 'exact', device }, { ...speed, msPerStepMegapixel: ms }),
    );
  const etaWith = async (...engines: Device[]) => {
    const id = newId();
    workers.push(id);
    const now = new Date();
    const models = ['unattended'];
    const row = { id, hostname: 'render', pid: 1, models, startedAt: now, problem: null };
    const entries = engines.map((device, index) => ({ model: 'unattended', card: index, device, profiles: null }));
    await database.transaction((queries) =>
      saveWorker(queries, { ...row, state: 'idle', runningJob: null, modelMemory: new Map(), engines: entries }),
    );
    const eta = (await get(`/api/jobs/${job.id}`, customer)).json().eta;
    await database.transaction((queries) => deleteWorker(queries, id));
    return eta;
  };
  await save('cpu', 160_000);
  const request = { prompt: 'a', model: 'unattended', num_inference_steps: 16, width: 128, height: 128 };
  const first = (await post('/api/jobs', customer, request)).json();
  const job = (await post('/api/jobs', customer, request)).json();
  // 16 steps at 1/64 of a megapixel take 40 s on the CPU; the job waits for the one before it.
  expect(await etaWith(cpu)).toBe(80);
  expect(await etaWith(cpu, cpu)).toBe(60);
  // The card has not drawn with this model yet, so nothing is promised.
  expect(await etaWith(card)).toBeUndefined();
  await save('webgpu A card', 1600);
  expect(await etaWith(card)).toBeCloseTo(0.8);
  for (const { id } of [first, job])
    await http().app.inject({ method: 'DELETE', url: `/api/jobs/${id}`, headers: customer.auth });
});
