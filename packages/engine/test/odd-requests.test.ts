import { expect, onTestFinished, test } from 'vitest';
import {
  createEngineHost,
  decodeImage,
  EngineError,
  type GenerateRequest,
  type LoadOptions,
  loadModel,
} from '../src/index.ts';
import { loadFields, requestFields } from '../src/model.ts';
import { fixturePath } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What programs without types, or with values of a form or of JSON, might give. */
const odd: readonly unknown[] = [true, 'x', '', Number.NaN, -1e9, [], [null], {}, { nothing: 1 }];
const absent: readonly unknown[] = [null, undefined];

/** An object in which all of these have one value. */
const each = (names: readonly string[], value: unknown) => Object.fromEntries(names.map((name) => [name, value]));

const small: GenerateRequest = { prompt: 'a pear', steps: 1, width: 64, height: 64 };

async function openAs(kind: string) {
  const load: LoadOptions = { threads: 1, cacheDir: await temporaryFolder() };
  const model =
    kind === 'this process'
      ? await loadModel(fixturePath('model'), load)
      : await createEngineHost({ model: fixturePath('model'), load });
  onTestFinished(() => model.close());
  return model;
}

const shown = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value));

/** What became of it: `drawn`, or the code of the error and the field that it names. */
async function outcomeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return 'drawn';
  } catch (error) {
    return error instanceof EngineError ? `${error.code} ${String(error.details?.param)}` : String(error);
  }
}

test.each(['this process', 'a process of its own'])(
  'whatever a field has, in %s it is refused by its name or means what is said of it',
  async (kind) => {
    const model = await openAs(kind);
    const drawn: string[] = [];
    for (const field of Object.keys(requestFields)) {
      for (const value of odd) {
        const outcome = await outcomeOf(() => model.generate({ ...small, [field]: value }));
        if (outcome === 'drawn') drawn.push(`${field}: ${shown(value)}`);
        else expect(outcome).toMatch(new RegExp(`^invalid_request ${field}\\b`));
      }
    }
    expect(drawn).toEqual([
      ...['prompt', 'prompt2', 'negativePrompt', 'negativePrompt2'].flatMap((field) => [
        `${field}: "x"`,
        `${field}: ""`,
      ]),
      'promptWeighting: true',
      'longPrompts: true',
      'schedulerOverrides: {}',
      'seed: -1000000000',
      'variationSeed: -1000000000',
      'microConditioning: {}',
      'vaeTiling: true',
      'acceleration: {}',
      'loras: []',
    ]);
    const optional = Object.keys(requestFields).filter((field) => field !== 'prompt');
    for (const value of absent) {
      expect(await outcomeOf(() => model.generate({ ...each(optional, value), ...small }))).toBe('drawn');
      const withoutPrompt = { ...small, ...each(['prompt'], value) };
      expect(await outcomeOf(() => model.generate(withoutPrompt))).toBe('invalid_request prompt');
    }
    for (const request of [null, undefined, 'a pear', [small]]) {
      const given: GenerateRequest = JSON.parse(JSON.stringify({ request })).request;
      expect(await outcomeOf(() => model.generate(given))).toBe('invalid_request request');
    }
  },
);

const pixels = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
const mask = { width: 64, height: 64, data: new Uint8Array(64 * 64).fill(255) };
const inPart = (part: keyof GenerateRequest, names: readonly string[], others: object = {}) =>
  names.map((name) => [name, (value: unknown) => ({ [part]: { ...others, [name]: value } })] as const);
const partsOf = (value: unknown) => ({
  image: { picture: pixels, ...each(['mask', 'strength', 'maskPadding', 'maskBlur'], value) },
  acceleration: each(['guidanceSigmaMin', 'guidanceUntil', 'cacheInterval', 'cacheBranch'], value),
  schedulerOverrides: each(['solverOrder', 'solverType', 'sigmaSchedule'], value),
  microConditioning: each(['originalSize', 'negativeCropTopLeft'], value),
  loras: [{ file: 'x', weight: 0, ...each(['anyBase'], value) }],
});

test('the same holds for what is in the parts of a request', async () => {
  const model = await openAs('this process');
  const places = [
    ...inPart('image', ['picture'], {}),
    ...inPart('image', ['mask', 'strength'], { picture: pixels }),
    ...inPart('image', ['maskPadding', 'maskBlur'], { picture: pixels, mask }),
    ...inPart('acceleration', ['guidanceSigmaMin', 'guidanceUntil', 'cacheInterval', 'cacheBranch']),
    ...inPart('schedulerOverrides', ['solverOrder', 'solverType', 'sigmaSchedule']),
    ...inPart('microConditioning', ['originalSize', 'negativeCropTopLeft']),
    ...['file', 'weight', 'anyBase'].map(
      (name) =>
        [`loras[0].${name}`, (value: unknown) => ({ loras: [{ file: 'x', weight: 0, [name]: value }] })] as const,
    ),
  ];
  const drawn: string[] = [];
  for (const [name, build] of places) {
    for (const value of odd) {
      const outcome = await outcomeOf(() => model.generate({ ...small, ...build(value) }));
      if (outcome === 'drawn') drawn.push(`${name}: ${shown(value)}`);
      else expect(`${name} ${shown(value)}: ${outcome}`).toMatch(/: invalid_request /);
    }
  }
  expect(drawn).toEqual(['loras[0].file: "x"', 'loras[0].file: ""', 'loras[0].anyBase: true']);
  for (const value of absent) {
    expect(await outcomeOf(() => model.generate({ ...small, ...partsOf(value) }))).toBe('drawn');
  }
});

test('an option of loading that there is not is refused with the one that was meant', async () => {
  const loading = loadModel(fixturePath('model'), JSON.parse('{"thread":2}'));
  const message = expect.stringMatching(/^thread is not a field here/);
  await expect(loading).rejects.toMatchObject({ code: 'invalid_request', message, remedy: 'did you mean threads?' });
});

test('whatever an option of loading has, it is refused by its name or means what is said of it', async () => {
  const outcomeWith = (options: object) =>
    outcomeOf(async () => (await loadModel(fixturePath('model'), { threads: 1, ...options })).close());
  const loaded: string[] = [];
  for (const option of Object.keys(loadFields)) {
    for (const value of [true, 'x', Number.NaN, {}]) {
      const outcome = await outcomeWith({ [option]: value });
      if (outcome === 'drawn') loaded.push(`${option}: ${shown(value)}`);
      else
        expect(`${option}: ${shown(value)}: ${outcome}`).toMatch(new RegExp(`: (invalid_request ${option}\\b|model_)`));
    }
  }
  expect(loaded).toEqual(['precision: {}', 'int8File: "x"', 'config: "x"', 'textCache: true', 'cacheDir: "x"']);
  for (const value of absent) expect(await outcomeWith(each(Object.keys(loadFields), value))).toBe('drawn');
});

test('a name in place of a file is told so', async () => {
  const outcome = decodeImage(JSON.parse('"photo.jpg"'));
  await expect(outcome).rejects.toMatchObject({
    code: 'image_unreadable',
    message: expect.stringContaining('bytes of a file (got string)'),
  });
});
