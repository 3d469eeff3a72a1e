import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createTracer, formatTraceparent, newContext, noTracer, parseTraceparent, traced } from './tracing.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'; // the example of Trace Context §3.2

/** A collector that keeps what it gets, and answers with these statuses first. */
async function collector(...statuses: number[]) {
  const bodies: unknown[] = [];
  const server = createServer((request, reply) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      if (status === 200) bodies.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
      reply.writeHead(status).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { bodies, endpoint: `http://127.0.0.1:${port}` };
}

const tracerOf = (env: Record<string, string>, errors: string[] = []) =>
  createTracer({ env, version: '1.2.3', onError: (message) => errors.push(message) });

test('a context is read from a header and written to one; what is not valid is none', () => {
  expect(parseTraceparent(traceparent)).toEqual({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    isSampled: true,
  });
  expect(formatTraceparent(parseTraceparent(traceparent) ?? newContext(null))).toBe(traceparent);
  const later = traceparent.replace('00-', 'cc-');
  expect(parseTraceparent(`${later}-what-comes-later`)).toMatchObject({ isSampled: true });
  const wrong = [
    null,
    '',
    `${traceparent}-more`,
    traceparent.toUpperCase(),
    traceparent.replace('00-', 'ff-'),
    traceparent.replace(/-\w{32}-/, `-${'0'.repeat(32)}-`),
    traceparent.replace(/-\w{16}-/, `-${'0'.repeat(16)}-`),
  ];
  expect(wrong.map(parseTraceparent)).toEqual(wrong.map(() => null));
});

test('without an endpoint nothing is recorded; an address that is none ends the start', () => {
  expect(tracerOf({})).toBe(noTracer);
  expect(tracerOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' })).toBe(noTracer);
  expect(() => tracerOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
  const withPassword = () => tracerOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:secret@127.0.0.1:4318' });
  expect(withPassword).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
  expect(withPassword).not.toThrow('secret');
});

test('spans are sent as OTLP in JSON, with the headers and the names of the variables', async () => {
  const { bodies, endpoint } = await collector();
  const tracer = tracerOf({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
    OTEL_SERVICE_NAME: 'images',
  });
  const parent = parseTraceparent(traceparent);
  await traced(tracer, { name: 'store', parent, attributes: { pictures: 2, size: 1.5, ok: true } }, async () => 1);
  const failing = traced(tracer, { name: 'charge', parent }, () => Promise.reject(new Error('no database')));
  await expect(failing).rejects.toThrow('no database');
  await traced(tracer, { name: 'not sampled', parent: parent && { ...parent, isSampled: false } }, async () => 1);
  await tracer.close();
  const span = { traceId: parent?.traceId, parentSpanId: parent?.spanId, kind: 1 };
  expect(bodies).toMatchObject([
    {
      url: '/v1/traces',
      headers: { authorization: 'Bearer abc', 'content-type': 'application/json' },
      body: {
        resourceSpans: [
          {
            resource: {
              attributes: expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'images' } }]),
            },
            scopeSpans: [
              {
                scope: { name: 'easel', version: '1.2.3' },
                spans: [
                  {
                    ...span,
                    name: 'store',
                    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
                    startTimeUnixNano: expect.stringMatching(/^\d{13}000000$/),
                    attributes: [
                      { key: 'pictures', value: { intValue: '2' } },
                      { key: 'size', value: { doubleValue: 1.5 } },
                      { key: 'ok', value: { boolValue: true } },
                    ],
                    status: {},
                  },
                  { ...span, name: 'charge', status: { code: 2, message: 'no database' } },
                ],
              },
            ],
          },
        ],
      },
    },
  ]);
});

test('a collector that is away costs nothing but a line in the log, and gets the spans when it is back', async () => {
  const { bodies, endpoint } = await collector(503, 503);
  const errors: string[] = [];
  const tracer = tracerOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own` }, errors);
  tracer.record({ name: 'one', parent: null, start: new Date(), end: new Date() });
  while (bodies.length === 0) await sleep(20);
  await tracer.close();
  expect(errors).toEqual(['the collector answered 503']);
  expect(bodies).toMatchObject([{ url: '/own' }]);
});

test('spans that a collector refuses are dropped, and do not hold up the next', async () => {
  const { bodies, endpoint } = await collector(400);
  const errors: string[] = [];
  const tracer = tracerOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own` }, errors);
  tracer.record({ name: 'refused', parent: null, start: new Date(), end: new Date() });
  while (errors.length === 0) await sleep(20);
  tracer.record({ name: 'taken', parent: null, start: new Date(), end: new Date() });
  while (bodies.length === 0) await sleep(20);
  await tracer.close();
  expect(errors).toEqual(['the collector refused spans with 400; they are dropped']);
  expect(JSON.stringify(bodies)).not.toContain('refused');
});
