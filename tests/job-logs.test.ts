import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type EaselServer, serveEasel } from './support/easel-server.ts';
import { collectSpans } from './support/span-collector.ts';

const prompt = 'a very private walrus';
const review = `export default async ({ request }) => ({ accept: !request.prompt.includes('unwanted'), reason: 'no' });`;

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [name: string]: unknown;
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && 'msg' in value && 'level' in value;
}

function linesOf(server: EaselServer): Line[] {
  const json = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return json.map((line): unknown => JSON.parse(line)).filter(isLine);
}

async function send(server: EaselServer, method: string, path: string, body?: object, key = server.devKey, more = {}) {
  const reply = await fetch(server.url + path, {
    method,
    headers: { ...more, 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json: unknown = await reply.json();
  expect(reply.status, JSON.stringify(json)).toBeLessThan(300);
  const id = typeof json === 'object' && json !== null && 'id' in json ? String(json.id) : '';
  return { id, requestId: reply.headers.get('x-request-id') ?? '' };
}

async function until(isSo: () => boolean, server: EaselServer): Promise<void> {
  for (let waited = 0; !isSo(); waited += 50) {
    if (waited > 120_000) throw new Error(server.output());
    await sleep(50);
  }
}

test('every line of the life of a job has its id, its key and the request that sent it, and none its prompt', async () => {
  const first = await serveEasel();
  const hook = join(first.dataDir, 'review.mjs');
  await writeFile(hook, review);
  const { dataDir, adminKey, devKey } = first;
  first.process.kill('SIGTERM');
  await new Promise((resolve) => first.process.on('close', resolve));
  const collector = await collectSpans();
  const server = await serveEasel({
    dataDir,
    keys: { adminKey, devKey },
    env: { EASEL_LOG_LEVEL: 'info', EASEL_REVIEW_HOOK: hook, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
  });
  const messagesOf = (id: string) =>
    linesOf(server)
      .filter(({ jobId, msg }) => jobId === id && msg !== 'request answered')
      .map(({ msg }) => msg);

  const [trace, caller] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const traceparent = `00-${trace}-${caller}-01`;
  const drawn = await send(server, 'POST', '/api/jobs', { prompt, num_inference_steps: 2 }, server.devKey, {
    traceparent,
  });
  const refused = await send(server, 'POST', '/api/jobs', { prompt: `${prompt}, unwanted`, num_inference_steps: 2 });
  await until(() => messagesOf(refused.id).length === 3, server);
  await send(server, 'POST', '/api/admin/queue/pause', undefined, adminKey);
  const cancelled = await send(server, 'POST', '/api/jobs', { prompt });
  await send(server, 'DELETE', `/api/jobs/${cancelled.id}`);
  for (const probe of ['/healthz', '/readyz', '/metrics']) await (await fetch(server.url + probe)).text();
  await send(server, 'GET', `/api/jobs/${drawn.id}`);
  await until(() => linesOf(server).some(({ method, jobId }) => method === 'GET' && jobId === drawn.id), server);
  const lines = linesOf(server);
  expect(await server.stop()).toBe(0);
  await first.stop();

  const spans = collector.spans.filter(({ traceId }) => traceId === trace);
  const names = [
    'POST /api/jobs',
    'charge',
    'engine: decode',
    'engine: denoise',
    'engine: prepare',
    'job queued',
    'job run',
    'review',
    'store pictures',
  ];
  expect(spans.map(({ name }) => name).toSorted()).toEqual(names);
  const idOf = (wanted: string) => spans.find(({ name }) => name === wanted)?.spanId;
  for (const { name, parentSpanId } of spans) {
    const above = name.startsWith('job ') ? idOf('POST /api/jobs') : idOf('job run');
    expect(parentSpanId, name).toBe(name === 'POST /api/jobs' ? caller : above);
  }
  expect(collector.text()).not.toContain(prompt);

  expect(messagesOf(drawn.id)).toEqual(['job queued', 'job started', 'job succeeded, charged']);
  expect(messagesOf(refused.id)).toEqual(['job queued', 'job started', 'job rejected by the review, refunded']);
  expect(messagesOf(cancelled.id)).toEqual(['job queued', 'job cancelled, refunded']);
  for (const { id, requestId } of [drawn, refused, cancelled]) {
    const ofJob = lines.filter(({ jobId }) => jobId === id);
    const keys = new Set(ofJob.map(({ keyId }) => keyId));
    expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const own = ofJob.filter(({ msg }) => msg !== 'request answered');
    expect(new Set(own.map((line) => line.requestId))).toEqual(new Set([requestId]));
    expect(ofJob.some(({ msg, route }) => msg === 'request answered' && route === '/api/jobs')).toBe(true);
  }
  // A line has one name for its request, and says who asked; what machines ask all the time is not told.
  const answered = lines.filter(({ msg }) => msg === 'request answered');
  expect(answered.every(({ client }) => client === '127.0.0.1')).toBe(true);
  expect(answered.map(({ route }) => route)).not.toContain('/metrics');
  expect(lines.some((line) => 'reqId' in line || 'about' in line)).toBe(false);
  expect(server.output()).not.toContain('walrus');
  expect(server.output()).not.toContain('SG_');
});
