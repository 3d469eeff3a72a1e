import { headers, jobSchema, modelListSchema, workerListSchema } from '@easel/contract';
import { readParameters } from '@easel/engine';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from './support/easel-server.ts';
import { swiftShader, tooLong } from './support/software-device.ts';

const TIMEOUT_MS = 900_000;
const isMissing = (swiftShader.missing ?? tooLong) !== undefined;
let server: EaselServer;

/** The whole service as on a machine with a graphics card; without a first picture, which would take long on this one. */
beforeAll(async () => {
  if (isMissing) return;
  const device = await swiftShader.environment();
  server = await serveEasel({ env: { ...device, EASEL_DEVICE: 'webgpu', EASEL_WORKER_WARM_UP: 'false' } });
}, TIMEOUT_MS);

afterAll(() => server?.stop());

async function get<Schema extends TSchema>(path: string, key: string, schema: Schema): Promise<Static<Schema>> {
  const body: unknown = await (await fetch(`${server.url}${path}`, { headers: { [headers.apiKey]: key } })).json();
  if (!fits(schema, body)) throw new Error(`not as the contract has it: ${JSON.stringify(body)}`);
  return body;
}

function fits<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  return Check(schema, value);
}

test.skipIf(isMissing)(
  'a picture that WebGPU draws says so in its headers, its job and its file, and models, workers and metrics tell the device',
  async () => {
    const { url, adminKey, devKey } = server;
    const request = { prompt: 'a red apple', img_width: 64, img_height: 64, num_inference_steps: 2, seed: 7 };
    const json = { [headers.apiKey]: devKey, 'content-type': 'application/json' };
    // Guidance would be a second pass of each step.
    const body = JSON.stringify({ ...request, guidance_scale: 1, image_format: 'png' });
    const posted = await fetch(`${url}/api/jobs`, { method: 'POST', headers: json, body });
    expect(posted.status).toBe(202);
    const id = posted.headers.get(headers.requestId);
    const job = () => get(`/api/jobs/${id}`, devKey, jobSchema);
    await expect.poll(async () => (await job()).status, { timeout: TIMEOUT_MS }).not.toMatch(/queued|running/);
    const { images, ...told } = await job();
    expect(told).toMatchObject({ status: 'succeeded', device: 'webgpu', error: null });
    const reply = await fetch(images[0]?.url ?? '');
    expect(reply.headers.get(headers.device)).toBe('webgpu');
    expect(readParameters(Buffer.from(await reply.arrayBuffer()))).toMatch(/, Device: webgpu,/);
    const result = await fetch(`${url}/v2/requests/${id}`, { headers: json });
    expect(result.headers.get(headers.device)).toBe('webgpu');

    const device = { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' };
    const model = async () => (await get('/api/models', devKey, modelListSchema)).models[0];
    await expect
      .poll(async () => (await model())?.devices, { timeout: 60_000 })
      .toMatchObject([{ ...device, engines: 1 }]);
    const { workers } = await get('/api/admin/workers', adminKey, workerListSchema);
    expect(workers[0]?.engines).toMatchObject([{ model: 'playground-v2.5', card: null, device }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('easel_engines{model="playground-v2.5",device="webgpu",arithmetic="float32"} 1');
    expect(metrics).toContain('easel_steps_total{model="playground-v2.5",device="webgpu"} 2');
  },
  TIMEOUT_MS,
);
