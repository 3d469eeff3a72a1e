import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readParameters } from './picture-file.ts';
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
