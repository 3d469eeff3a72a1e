import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { modelOf, useModel } from '../../src/http/asked-request.ts';
import { needsKey } from '../../src/http/route-schemas.ts';
import { makePictures, workRoute } from '../../src/http/submit-work.ts';
import type { Surface } from '../../src/http/surface.ts';
import { useHttp } from './http-server.ts';

const path = '/sketches/v1/draw';

/** An API that Easel does not have: what is said of it here is all that is said of it anywhere. */
const sketches: Surface = {
  name: 'sketches',
  places: ['/sketches'],
  errors: {
    contentType: 'application/json',
    schema: Type.Object({ wrong: Type.String() }),
    body: ({ code, message }) => ({ wrong: `${code}: ${message}` }),
  },
  tags: [{ name: 'sketches', description: 'Sketches' }],
  notSupported: new Map([['/sketches/v1/undo', 'undo is not supported']]),
  addRoutes(app, context) {
    const body = Type.Object({ about: Type.String(), wide: Type.Integer(), high: Type.Integer() });
    const schema = { operationId: 'sketch', summary: 'Sketch', tags: ['sketches'], security: needsKey, body } as const;
    app.addHook('onSend', async (_request, reply) => void reply.header('x-sketch', 'yes'));
    app.post(path, { schema, ...workRoute(context) }, async (request, reply) => {
      const { about: prompt, wide: width, high: height } = request.body;
      const card = useModel(modelOf(context.services, undefined), request, reply);
      const called = { width: 'wide', height: 'high' };
      return makePictures(context, request, reply, {
        work: { surface: 'sketches', asked: { values: { prompt, width, height, steps: 1 }, called }, card },
        read: async ({ images }) => ({ pictures: images.length }),
      });
    });
  },
};

const http = useHttp();
const build = () => http().build({ moreSurfaces: [sketches] });

test('a surface takes requests by its own names, and its jobs are of it', async () => {
  const app = await build();
  const { json, accountId } = await http().customer();
  const payload = { about: 'a', wide: 64, high: 64 };
  const reply = await app.inject({ method: 'POST', url: path, headers: json, payload });
  expect([reply.statusCode, reply.json()]).toEqual([200, { pictures: 1 }]);
  const { jobs } = await http().services.jobs.list({ accountId, limit: 10 });
  expect(jobs.map(({ job }) => [job.surface, job.request.width, job.state])).toEqual([['sketches', 64, 'succeeded']]);
});

test.each([
  ['a field that it calls otherwise', 'POST', path, { about: 'a', wide: 7, high: 64 }, 400, /^invalid_request: wide /],
  ['a body without a field', 'POST', path, { about: 'a' }, 400, /^invalid_request: wide /],
  ['a body that is not JSON', 'POST', path, '{', 400, /^invalid_request: /],
  ['a method that is not there', 'GET', path, undefined, 405, /^method_not_allowed: /],
  ['an address without a route', 'GET', '/sketches/v2', undefined, 404, /^not_found: /],
  ['an address that is not supported', 'GET', '/sketches/v1/undo', undefined, 404, /^not_found: undo is not supported/],
  ['an address that is not UTF-8', 'GET', '/sketches/%ff', undefined, 400, /^invalid_request: /],
] as const)('its errors have its own shape: %s', async (_of, method, url, payload, status, wrong) => {
  const app = await build();
  const { json } = await http().customer();
  const reply = await app.inject({ method, url, headers: json, ...(payload !== undefined && { payload }) });
  expect([reply.statusCode, reply.json()]).toEqual([status, { wrong: expect.stringMatching(wrong) }]);
});

test('it is in the description of the API, and nothing of it reaches the other surfaces', async () => {
  const app = await build();
  const { auth } = await http().customer();
  const document = (await app.inject({ url: '/openapi.json' })).json();
  expect(document.paths[path].post.operationId).toBe('sketch');
  expect(document.tags).toContainEqual({ name: 'sketches', description: 'Sketches' });
  for (const url of ['/api/nothing', '/sketchesque']) {
    const other = await app.inject({ url, headers: auth });
    expect(other.json()).toMatchObject({ code: 'not_found', status: 404 });
  }
  const jobs = await app.inject({ url: '/api/jobs', headers: auth });
  expect([jobs.statusCode, jobs.headers['x-sketch']]).toEqual([200, undefined]);
});
