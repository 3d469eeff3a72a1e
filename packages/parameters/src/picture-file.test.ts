import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { PictureFormatError } from './errors.ts';
import type { GenerationParameters } from './generation-parameters.ts';
import { parseParameters } from './parse-parameters.ts';
import { copyParameters, readParameters, writeParameters } from './picture-file.ts';
import { insertPngText } from './png.ts';

// Made by tools/goldens/make_parameter_files.py.
const fixture: { readonly cases: readonly { readonly name: string; readonly text: string; readonly file: string }[] } =
  JSON.parse(readFileSync(new URL('../test/fixtures/parameter-files.json', import.meta.url), 'utf8'));
const cases = fixture.cases.map(({ name, text, file }) => ({
  name,
  text,
  file: new Uint8Array(Buffer.from(file, 'base64')),
}));

describe.each(cases)('$name by another tool', ({ text, file }) => {
  test('is read', () => {
    expect(readParameters(file)).toBe(text);
  });

  test('cut anywhere gives the text or nothing', () => {
    for (let length = 0; length < file.length; length++) {
      expect([text, undefined]).toContain(readParameters(file.slice(0, length)));
    }
  });

  test('damaged anywhere never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (damages) => {
          const damaged = file.slice();
          for (const [at, byte] of damages) damaged[at] = byte;
          readParameters(damaged);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });

test('a picture without parameters has none', async () => {
  for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
    expect(readParameters(await blank.clone().toFormat(format).toBuffer())).toBeUndefined();
  }
});

test('bytes that are no picture have none', () => {
  expect(readParameters(new Uint8Array())).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readParameters(bytes) === undefined));
});

test('a few kilobytes that unpack to gigabytes are not unpacked', async () => {
  const png = await blank.clone().png().toBuffer();
  // A kilobyte that unpacks to a megabyte is still a text, however odd; ten megabytes are not.
  expect(readParameters(withZtxt(png, Buffer.alloc(2 ** 20, 'a')))).toHaveLength(2 ** 20);
  expect(readParameters(withZtxt(png, Buffer.alloc(10 * 2 ** 20, 'a')))).toBeUndefined();
});

function withZtxt(png: Uint8Array, text: Uint8Array): Uint8Array {
  const typeAndData = Buffer.concat([Buffer.from('zTXtparameters\0\0', 'latin1'), deflateSync(text)]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(typeAndData.length - 4, 0);
  frame.writeUInt32BE(crc32(typeAndData), 4);
  return Buffer.concat([png.subarray(0, 33), frame.subarray(0, 4), typeAndData, frame.subarray(4), png.subarray(33)]);
}

test('a PNG text whose checksum is wrong is passed over for the next', async () => {
  const file = insertPngText(
    insertPngText(await blank.clone().png().toBuffer(), 'parameters', 'sound'),
    'parameters',
    'broken',
  );
  expect(readParameters(file)).toBe('broken');
  const damaged = Uint8Array.from(file);
  damaged[damaged.indexOf('k'.charCodeAt(0), 33)] ^= 1;
  expect(readParameters(damaged)).toBe('sound');
});

describe('a picture that was converted', () => {
  const parameters: GenerationParameters = {
    prompt: 'a fox in 東京\nNegative prompt: none\nSteps: 1',
    negativePrompt: '',
    prompt2: 'oil, "thick"',
    steps: 20,
    scheduler: 'edm_euler',
    sigmaSchedule: 'exponential',
    guidanceScale: 3.5,
    guidanceRescale: 0.7,
    seed: 2n ** 64n - 1n,
    width: 8,
    height: 8,
    model: 'my, model',
    profile: 'fast',
    easelVersion: '1.0.0',
  };
  const colours = sharp({
    create: { width: 9, height: 7, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
  });

  test.each([
    ['png', {}],
    ['jpeg', {}],
    ['webp', {}],
    ['webp', { lossless: true }],
  ] as const)('keeps what it says of itself as %s %o, and every pixel', async (format, options) => {
    const from = writeParameters(await blank.clone().png().toBuffer(), parameters);
    const plain = new Uint8Array(await colours.clone().toFormat(format, options).toBuffer());
    const file = copyParameters(from, plain);
    expect(parseParameters(readParameters(file) ?? '')).toEqual({ ...parameters, other: new Map() });
    expect(await sharp(file).metadata()).toMatchObject({ format, width: 9, height: 7 });
    const pixels = (of: Uint8Array) => sharp(of).raw().toBuffer();
    expect((await pixels(file)).equals(await pixels(plain))).toBe(true);
  });

  test('says nothing when the other does not', async () => {
    const plain = new Uint8Array(await colours.clone().jpeg().toBuffer());
    expect(copyParameters(await blank.clone().png().toBuffer(), plain)).toEqual(plain);
  });

  test('of no format that can say it is refused by name', () => {
    expect(() => writeParameters(new TextEncoder().encode('GIF89a'), parameters)).toThrow(PictureFormatError);
  });
});
