import { paths } from '@easel/contract';
import { expect, test } from 'vitest';
import { slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();

test('the document describes every address of the contract, with every schema named once', async () => {
  const document = (await http().app.inject({ url: paths.openapi })).json();
  expect(document.openapi).toBe('3.1.0');
  const { segmind, openai, api, admin, health, ready, metrics } = paths;
  const expected = [segmind, openai, api, admin]
    .flatMap((surface) => Object.values<string | Record<string, string>>(surface))
    .flatMap((path) => (typeof path === 'string' ? [path] : Object.values(path)));
  const addresses = [...expected, health, ready, metrics].flatMap((path) =>
    path.includes(':slug')
      ? [slug, unattended].map((model) => path.replace(':slug', model))
      : [path.replaceAll(/:(\w+)/g, '{$1}')],
  );
  expect(Object.keys(document.paths).sort()).toEqual(addresses.sort());
  expect(document.webhooks.jobEnded.post.requestBody.content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/WebhookPayload',
  });
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
  expect(references.length).toBeGreaterThan(100);
  for (const name of references) expect(document.components.schemas, name).toHaveProperty(name);
});

test('every operation has a name of its own, a summary and all statuses that it can answer with', async () => {
  const document = (await http().app.inject({ url: paths.openapi })).json();
  const operations: Record<string, { operationId: string; summary: string; responses: object; security?: object[] }>[] =
    Object.values(document.paths);
  const all = operations.flatMap((methods) => Object.values(methods));
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  for (const { operationId, summary, responses, security } of all) {
    expect(summary, operationId).toMatch(/\S/);
    expect(Object.keys(responses), operationId).toContain('500');
    if (security) expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['401', '403']));
  }
  expect(Object.keys(document.paths[`/v1/${slug}`].post.responses)).toEqual([
    '200',
    '400',
    '401',
    '403',
    '404',
    '406',
    '408',
    '409',
    '413',
    '415',
    '422',
    '429',
    '500',
    '503',
  ]);
});

test("each model's address tells the limits and defaults that are checked there, and its own names", async () => {
  const document = (await http().app.inject({ url: paths.openapi })).json();
  const [card] = http().services.models();
  for (const model of [slug, unattended]) {
    for (const path of [`/v1/${model}`, `/v2/${model}`]) {
      const { parameters, requestBody } = document.paths[path].post;
      expect(parameters.map(({ name }: { name: string }) => name)).toEqual(['idempotency-key']);
      for (const type of ['application/json', 'multipart/form-data']) {
        const reference: string = requestBody.content[type].schema.$ref;
        expect(reference).toBe(`#/components/schemas/SegmindRequest${model === slug ? '' : 'Unattended'}`);
        const { img_width: width } = document.components.schemas[reference.split('/').at(-1) ?? ''].properties;
        expect(width).toMatchObject({ minimum: 64, maximum: 256, default: card?.defaults.width, multipleOf: 8 });
      }
    }
  }
});

test('a page shows it, with everything it needs from here', async () => {
  const page = await http().app.inject({ url: '/docs/' });
  expect(page.statusCode).toBe(200);
  const files = [...page.payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
  expect(files.length).toBeGreaterThan(3);
  for (const url of files) {
    const { pathname, host } = new URL(url, 'http://here/docs/');
    expect(host).toBe('here');
    expect((await http().app.inject({ url: pathname })).statusCode, url).toBe(200);
  }
  const shown = (await http().app.inject({ url: '/docs/json' })).json();
  const told = (await http().app.inject({ url: paths.openapi })).json();
  const description = `${told.info.description}\n\n[Back to the Easel page](/)`;
  expect(shown).toEqual({ ...told, info: { ...told.info, description } });
});

test('its forms as JSON and YAML are written once, since anybody may ask for them', async () => {
  const app = await http().build({});
  for (const url of ['/docs/yaml', '/docs/json']) {
    const ask = async () => {
      const before = process.cpuUsage();
      const { statusCode, headers, payload } = await app.inject({ url });
      const { user, system } = process.cpuUsage(before);
      return { reply: [statusCode, headers['content-type'], payload], cpu: user + system };
    };
    const first = await ask();
    expect(first.reply[0]).toBe(200);
    const later = [await ask(), await ask(), await ask(), await ask()];
    for (const { reply } of later) expect(reply).toEqual(first.reply);
    if (url === '/docs/yaml') expect(Math.min(...later.map(({ cpu }) => cpu))).toBeLessThan(first.cpu / 4);
    expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(200);
  }
});
