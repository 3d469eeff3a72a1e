import {
  defaultTariff,
  engineFields,
  explainInvalid,
  type Field,
  type FieldTable,
  fillRequest,
  modelParameters,
  parameterValues,
  paths,
  pictureFields,
  propertiesOn,
  readRequest,
  readTold,
  tellRequest,
  toldProperties,
  wireName,
  writeRequest,
} from '@easel/contract';
import { formatParameters, type GenerationParameters, parseParameters } from '@easel/parameters';
import fastify from 'fastify';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { generateCommand } from '../../../cli/src/commands/generate.ts';
import { controlDefaults, formControls } from '../../../web/src/settings/form-controls.ts';
import { describeApi } from '../../src/http/openapi.ts';
import { type HttpApp, validateByContract } from '../../src/http/surface.ts';

/** A field that Easel does not have: what is said of it here is all that is said of it anywhere. */
const sharpness: Field = {
  kind: 'number',
  about: 'picture',
  words: 'sharpness',
  description: 'How sharp the edges are',
  examples: [1.5],
  range: { min: 0, max: 2 },
  default: 1,
  wire: { name: 'edge_sharpness', on: ['api', 'segmind', 'openai', 'price'], openai: { name: 'sharpness' } },
  told: { description: 'How sharp the edges were', examples: [1] },
  engine: true,
  option: { flags: '--sharpness <x>', help: 'how sharp the edges are', group: 'Sampling:' },
  form: { label: 'Sharpness', control: 'slider', place: 'more', step: 0.1, address: 'sharp' },
  parameter: { key: 'Edge sharpness' },
};

const table: FieldTable = { ...pictureFields, sharpness };

test.each([
  ['api', 'edge_sharpness'],
  ['segmind', 'edge_sharpness'],
  ['openai', 'sharpness'],
  ['price', 'edge_sharpness'],
] as const)('the schema of %s takes it as %s, and refuses by that name what it does not allow', (surface, name) => {
  const schema = Type.Object(propertiesOn(surface, table), { additionalProperties: false });
  expect(explainInvalid(schema, { prompt: 'a', [name]: 1.5 })).toEqual(
    surface === 'price' ? { param: 'prompt', message: expect.anything() } : undefined,
  );
  expect(explainInvalid(schema, { ...(surface !== 'price' && { prompt: 'a' }), [name]: 3 })).toEqual({
    param: name,
    message: `${name} must be a number from 0 to 2 (got 3)`,
  });
  expect(wireName('sharpness', surface, {}, table)).toBe(name);
});

test('it goes from the wire to the engine and back into what the job tells', () => {
  const presets = { model: 'm', width: 64, height: 64 };
  const asked = readRequest({ prompt: 'a', sharpness: 1.5 }, 'openai', table);
  const filled = fillRequest(asked, presets, table);
  expect(filled).toMatchObject({ prompt: 'a', sharpness: 1.5 });
  expect(fillRequest({ prompt: 'a' }, presets, table)).toMatchObject({ sharpness: 1 });
  expect(engineFields(filled, table)).toMatchObject({ prompt: 'a', sharpness: 1.5 });
  const told = tellRequest(filled, table);
  expect(told).toMatchObject({ edge_sharpness: 1.5 });
  expect(Object.keys(toldProperties(table))).toContain('edge_sharpness');
  expect(writeRequest(readTold(told, table), table)).toMatchObject({ edge_sharpness: 1.5 });
});

test('the command line has it in its help, with its range, and refuses what it does not allow', async () => {
  const seen: unknown[] = [];
  const command = generateCommand(async (_prompt, flags) => void seen.push(flags), table).exitOverride();
  expect(command.helpInformation()).toMatch(/Sampling:[\s\S]*--sharpness <x> +how sharp the edges are, 0 to 2\n/);
  await command.parseAsync(['a fox', '--sharpness', '1.5'], { from: 'user' });
  expect(seen).toEqual([expect.objectContaining({ sharpness: 1.5 })]);
  await expect(command.parseAsync(['a fox', '--sharpness', '3'], { from: 'user' })).rejects.toThrow(
    '--sharpness must be a number from 0 to 2 (got 3)',
  );
});

test('the form of the page has a control for it, within what the model publishes', () => {
  const parameters = modelParameters({}, {}, table);
  expect(parameters.edge_sharpness).toEqual({ minimum: 0, maximum: 2, default: 1 });
  const narrowed = { ...parameters, edge_sharpness: { minimum: 0, maximum: 1.5, default: 0.5 } };
  expect(formControls({ parameters: narrowed }, table)).toContainEqual({
    name: 'sharpness',
    label: 'Sharpness',
    place: 'more',
    kind: 'slider',
    min: 0,
    max: 1.5,
    step: 0.1,
    isStepped: false,
    initial: 0.5,
  });
  expect(controlDefaults({ parameters: narrowed }, table)).toMatchObject({ sharpness: 0.5 });
});

test('it is written into the text of a picture and read from it', () => {
  const made = {
    prompt: 'a fox',
    steps: 25,
    scheduler: 'edm_euler',
    guidanceScale: 3,
    seed: 1n,
    width: 64,
    height: 64,
    model: 'demo',
    easelVersion: '1.0.0',
  } as const satisfies GenerationParameters;
  const values = parameterValues({ ...made, sharpness: 1.5 }, table);
  const text = formatParameters({ ...made, ...values }, table);
  expect(text).toContain(', Edge sharpness: 1.5, ');
  expect(parseParameters(text, table)).toMatchObject({ ...made, sharpness: 1.5 });
  expect(parameterValues({ ...made, sharpness: 1 }, table)).not.toHaveProperty('sharpness');
});

test('the OpenAPI document describes it', async () => {
  const app: HttpApp = fastify();
  validateByContract(app);
  await describeApi(app, { models: () => [], tariff: defaultTariff }, { version: '1.0.0', publicUrl: null, tags: [] });
  const body = Type.Object(propertiesOn('api', table), { title: 'JobCreate', description: 'A job' });
  app.post('/api/jobs', { schema: { body } }, async () => ({}));
  await app.ready();
  const document = (await app.inject({ url: paths.openapi })).json();
  expect(document.components.schemas.JobCreate.properties.edge_sharpness).toEqual({
    type: 'number',
    minimum: 0,
    maximum: 2,
    default: 1,
    description: 'How sharp the edges are',
    examples: [1.5],
  });
  const refused = await app.inject({ method: 'POST', url: '/api/jobs', payload: { prompt: 'a', edge_sharpness: 3 } });
  expect(refused.body).toContain('edge_sharpness must be a number from 0 to 2 (got 3)');
  await app.close();
});
