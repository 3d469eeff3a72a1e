import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatParameters } from './format-parameters.ts';
import type { GenerationParameters } from './generation-parameters.ts';
import { parseParameters } from './parse-parameters.ts';

const apple: GenerationParameters = {
  prompt: 'a red apple',
  negativePrompt: 'blurry, dark',
  steps: 25,
  scheduler: 'edm_dpmpp_2m',
  sigmaSchedule: 'karras',
  guidanceScale: 3,
  seed: 1n,
  width: 128,
  height: 64,
  model: 'demo',
  easelVersion: '1.0.0',
};

test('the text is what other tools write and read', () => {
  expect(formatParameters(apple)).toBe(
    'a red apple\nNegative prompt: blurry, dark\n' +
      'Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3, Seed: 1, Size: 128x64, Model: demo, RNG: CPU, ' +
      'Version: Easel 1.0.0',
  );
});

test('an absent negative prompt and an empty one look alike to other tools, and are told apart by ours', () => {
  const absent = formatParameters({ ...apple, negativePrompt: null });
  const empty = formatParameters({ ...apple, negativePrompt: '' });
  expect(empty.replace(', Exact negative: ""', '')).toBe(absent);
  expect(asOtherToolsRead(empty).negativePrompt).toBe('');
  expect(parseParameters(absent).negativePrompt).toBeNull();
  expect(parseParameters(empty).negativePrompt).toBe('');
});

test('a picture is exact unless its text names a profile, whatever the default of a server is', () => {
  expect(formatParameters(apple)).not.toContain('Profile');
  expect(parseParameters(formatParameters(apple)).profile).toBe('exact');
  const fast = formatParameters({ ...apple, profile: 'fast' });
  expect(fast).toContain(', Profile: fast, ');
  expect(parseParameters(fast).profile).toBe('fast');
  expect(parseParameters('a fox\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 64x64').profile).toBeUndefined();
});

test('a prompt that looks like other parts of the text is restored', () => {
  const prompt = 'a poster that says\nNegative prompt: none\nSteps: 1, Sampler: x, Seed: 2, Size: 3x4';
  for (const negativePrompt of [null, '', 'dark', prompt]) {
    expect(parseParameters(formatParameters({ ...apple, prompt, negativePrompt }))).toMatchObject({
      prompt,
      negativePrompt,
    });
  }
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }), // lone surrogates, controls, NUL
  fc
    .array(fc.constantFrom('Negative prompt:', ' ', '\n', '\r\n', 'Steps: 3,', '"', ',', '\\', '\0', '\ufeff', 'cat'))
    .map((pieces) => pieces.join('')),
);
const scale = fc.double({ min: 0, max: 25, noNaN: true }).map((value) => value + 0); // no −0

const parameters: fc.Arbitrary<GenerationParameters> = fc.record(
  {
    prompt: text,
    negativePrompt: fc.option(text),
    prompt2: text,
    negativePrompt2: text,
    steps: fc.integer({ min: 1, max: 100 }),
    scheduler: fc.constantFrom(
      'edm_dpmpp_2m' as const,
      'edm_euler' as const,
      'euler_ancestral' as const,
      'lcm' as const,
    ),
    sigmaSchedule: fc.constantFrom('karras' as const, 'exponential' as const),
    solverOrder: fc.constantFrom(1 as const, 2 as const, 3 as const),
    solverType: fc.constantFrom('midpoint' as const, 'heun' as const),
    guidanceScale: scale,
    guidanceRescale: scale,
    seed: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })),
    width: fc.integer({ min: 64, max: 2048 }),
    height: fc.integer({ min: 64, max: 2048 }),
    model: text,
    profile: fc.constantFrom('exact' as const, 'int8' as const, 'fast' as const),
    device: fc.constantFrom('cpu' as const, 'webgpu' as const, 'cuda' as const),
    arithmetic: fc.constantFrom('float32' as const, 'float16' as const),
    strength: scale,
    easelVersion: text,
  },
  {
    requiredKeys: ['prompt', 'steps', 'scheduler', 'guidanceScale', 'seed', 'width', 'height', 'model', 'easelVersion'],
  },
);

test('any parameters are restored from their text', () => {
  fc.assert(
    fc.property(parameters, (given) => {
      const expected = { profile: 'exact', ...given, negativePrompt: given.negativePrompt ?? null, other: new Map() };
      expect(parseParameters(formatParameters(given))).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

test('a sampler for other noise is written by the name that other tools have for it, and read as the first of that name', () => {
  for (const [scheduler, name, read] of [
    ['euler', 'Euler', 'edm_euler'],
    ['dpmpp_2m', 'DPM++ 2M', 'edm_dpmpp_2m'],
  ] as const) {
    const text = formatParameters({ ...apple, scheduler });
    expect(text).toContain(`Sampler: ${name},`);
    expect(parseParameters(text).scheduler).toBe(read);
  }
});

test('the text can be stored: well-formed, without NUL, settings on one last line', () => {
  fc.assert(
    fc.property(parameters, (given) => {
      const formatted = formatParameters(given);
      expect(formatted.isWellFormed()).toBe(true);
      expect(formatted).not.toContain('\0');
      expect(formatted.slice(formatted.lastIndexOf('\n') + 1)).toMatch(/^Steps: \d/);
    }),
  );
});

test('prompts of ordinary characters read the same in other tools', () => {
  const line = fc
    .stringMatching(/^[a-zé東(][ -~é東]{0,30}[a-zé東)]$/)
    .filter((each) => !each.startsWith('Negative prompt:'));
  const lines = fc.array(line, { minLength: 1, maxLength: 3 }).map((each) => each.join('\n'));
  fc.assert(
    fc.property(lines, fc.option(lines), (prompt, negativePrompt) => {
      const read = asOtherToolsRead(formatParameters({ ...apple, prompt, negativePrompt }));
      expect(read).toMatchObject({ prompt, negativePrompt: negativePrompt ?? '' });
      expect(read.settings).toMatchObject({
        Steps: '25',
        Sampler: 'DPM++ 2M',
        Seed: '1',
        Size: '128x64',
        Version: 'Easel 1.0.0',
      });
    }),
  );
});

describe('texts of other tools', () => {
  test('what we know is taken, the rest is kept as it stands', () => {
    const read = parseParameters(
      'a castle,\nat night\nNegative prompt: blurry\nlow quality\n' +
        'Steps: 20, Sampler: DPM++ SDE, Schedule type: Karras, CFG scale: 7.5, Seed: 965400086, Size: 512x768, Model hash: 45dee52b, ' +
        'Model: sdxl, RNG: NV, Version: v1.10.1\n',
    );
    expect(read).toEqual({
      prompt: 'a castle,\nat night',
      negativePrompt: 'blurry\nlow quality',
      steps: 20,
      sigmaSchedule: 'karras',
      guidanceScale: 7.5,
      seed: 965400086n,
      width: 512,
      height: 768,
      model: 'sdxl',
      other: new Map([
        ['Sampler', 'DPM++ SDE'],
        ['Model hash', '45dee52b'],
        ['RNG', 'NV'],
        ['Version', 'v1.10.1'],
      ]),
    });
  });

  test('the older sampler names carry the schedule', () => {
    const read = parseParameters('x\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7');
    expect(read).toMatchObject({ scheduler: 'edm_dpmpp_2m', sigmaSchedule: 'karras' });
  });

  test('a text without settings is all prompt', () => {
    const read = parseParameters('a cat: sitting, on a mat\nNegative prompt: dog');
    expect(read).toEqual({ prompt: 'a cat: sitting, on a mat', negativePrompt: 'dog', seed: null, other: new Map() });
  });

  test('values that make no sense are left out', () => {
    const read = parseParameters('x\nSteps: many, CFG scale: 0x10, Seed: 1e3, Size: 5, Sampler: toString');
    expect(read).toMatchObject({ prompt: 'x', seed: null });
    expect([...read.other.keys()]).toEqual(['Steps', 'CFG scale', 'Seed', 'Size', 'Sampler']);
  });

  test('no text makes the reader throw', () => {
    fc.assert(
      fc.property(text, fc.string({ unit: 'binary' }), (above, last) => void parseParameters(`${above}\n${last}`)),
    );
  });
});

/** How those tools read a text, simplified: lines are trimmed, and the last one is matched by their expression for settings. */
function asOtherToolsRead(formatted: string) {
  const lines = formatted.trim().split('\n');
  const expression = /\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g;
  const settings = Object.fromEntries(
    Array.from((lines.pop() ?? '').matchAll(expression), ([, name, value]) => [
      name,
      /^".*"$/.test(value) ? String(JSON.parse(value)) : value,
    ]),
  );
  const negativeAt = lines.findIndex((line) => line.startsWith('Negative prompt:'));
  const prompt = (negativeAt < 0 ? lines : lines.slice(0, negativeAt)).map((line) => line.trim()).join('\n');
  const negative =
    negativeAt < 0 ? [] : lines.slice(negativeAt).map((line) => line.replace('Negative prompt:', '').trim());
  return { prompt, negativePrompt: negative.join('\n'), settings };
}
