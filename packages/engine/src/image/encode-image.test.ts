import { formatParameters, type GenerationParameters, parseParameters, readParameters } from '@easel/parameters';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { EngineError } from '../errors.ts';
import { decodeImage } from './decode-image.ts';
import { encodeImage } from './encode-image.ts';
import { type ImageFormat, imageFormats } from './image-format.ts';
import type { DecodedPicture } from './picture.ts';

const picture: DecodedPicture = {
  width: 24,
  height: 16,
  data: Uint8Array.from({ length: 24 * 16 * 3 }, (_, index) => (index * 37 + (index >> 4) * 11) % 256),
};

const parameters: GenerationParameters = {
  prompt: 'a café in 東京 👩‍🚀,\n"at night"',
  negativePrompt: '',
  steps: 25,
  scheduler: 'edm_euler',
  guidanceScale: 3.5,
  seed: 2n ** 64n - 1n,
  width: 24,
  height: 16,
  model: 'demo',
  easelVersion: '1.0.0',
};

const size = fc.integer({ min: 1, max: 40 });
const anyPicture = fc
  .tuple(size, size)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data) => ({ width, height, data })),
  );

test('PNG gives back every pixel of any picture, with and without parameters', async () => {
  await fc.assert(
    fc.asyncProperty(anyPicture, fc.boolean(), async (given, described) => {
      const file = await encodeImage(given, { format: 'png', ...(described && { parameters }) });
      const decoded = await decodeImage(file);
      expect([decoded.width, decoded.height]).toEqual([given.width, given.height]);
      expect(Buffer.from(decoded.data).equals(given.data)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

describe.each(imageFormats)('%s', (format) => {
  test('is what its name says, in the size of the picture', async () => {
    const metadata = await sharp(await encodeImage(picture, { format, parameters })).metadata();
    expect(metadata).toMatchObject({ format, width: 24, height: 16, channels: 3, hasAlpha: false });
  });

  test('keeps the parameters, and parameters change no pixel', async () => {
    const described = await encodeImage(picture, { format, parameters });
    expect(readParameters(described)).toBe(formatParameters(parameters));
    expect(await decodeImage(described)).toEqual(await decodeImage(await encodeImage(picture, { format })));
  });

  test('keeps any prompt', async () => {
    const given = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(given, given, async (prompt, negativePrompt) => {
        const file = await encodeImage(picture, { format, parameters: { ...parameters, prompt, negativePrompt } });
        expect(parseParameters(readParameters(file) ?? '')).toMatchObject({ prompt, negativePrompt });
      }),
      { numRuns: 60 },
    );
  });

  test('says nothing of how it was made when no parameters are given', async () => {
    const file = await encodeImage(picture, { format });
    expect(readParameters(file)).toBeUndefined();
    expect((await sharp(file).metadata()).exif).toBeUndefined();
  });
});

test.each([
  { quality: 90, chromaSubsampling: '4:4:4' },
  { quality: undefined, chromaSubsampling: '4:4:4' },
  { quality: 89, chromaSubsampling: '4:2:0' },
])('JPEG of quality $quality has $chromaSubsampling colour', async ({ quality, chromaSubsampling }) => {
  const file = await encodeImage(picture, { format: 'jpeg', ...(quality !== undefined && { quality }) });
  expect(await sharp(file).metadata()).toMatchObject({ chromaSubsampling });
});

test('more quality makes larger JPEG and WebP files', async () => {
  for (const format of ['jpeg', 'webp'] as const) {
    const low = await encodeImage(picture, { format, quality: 20 });
    expect((await encodeImage(picture, { format, quality: 95 })).length).toBeGreaterThan(low.length);
  }
});

describe('parameters beyond 64 KiB', () => {
  const long = { ...parameters, prompt: `🍎 ${'pomme 🍎 '.repeat(6000)}`, negativePrompt: 'short, kept whole' };

  test('are kept whole in PNG and WebP', async () => {
    for (const format of ['png', 'webp'] as const) {
      const read = parseParameters(readParameters(await encodeImage(picture, { format, parameters: long })) ?? '');
      expect(read).toMatchObject({ prompt: long.prompt, negativePrompt: long.negativePrompt });
    }
  });

  test('are cut in JPEG in their longest text only, between characters, as late as possible', async () => {
    const file = await encodeImage(picture, { format: 'jpeg', parameters: long });
    const { prompt, ...rest } = parseParameters(readParameters(file) ?? '');
    expect(prompt.endsWith('…')).toBe(true);
    expect(prompt.isWellFormed()).toBe(true);
    expect(long.prompt.startsWith(prompt.slice(0, -1))).toBe(true);
    const segmentBytes = Buffer.from(file).readUInt16BE(4);
    expect(segmentBytes).toBeGreaterThan(0xffff - 8);
    const { prompt: _, ...given } = long;
    expect(rest).toEqual({ ...given, profile: 'exact', other: new Map() });
    expect(await decodeImage(file)).toEqual(await decodeImage(await encodeImage(picture, { format: 'jpeg' })));
  });

  test('are cut in JPEG whichever texts are long', async () => {
    const endless = '東'.repeat(70_000);
    const all = {
      ...long,
      prompt: endless,
      negativePrompt: endless,
      prompt2: endless,
      negativePrompt2: endless,
      model: endless,
    };
    const read = parseParameters(readParameters(await encodeImage(picture, { format: 'jpeg', parameters: all })) ?? '');
    expect(read).toMatchObject({ seed: parameters.seed, steps: 25, prompt: expect.stringMatching(/^東{6000,}…$/) });
  });
});

test.each([0, 101, 1.5, Number.NaN])('quality %s is refused and named', async (quality) => {
  const refused: Partial<EngineError> = { code: 'invalid_request', details: { param: 'quality' } };
  await expect(encodeImage(picture, { format: 'png', quality })).rejects.toMatchObject(refused);
});

test('an unknown format is refused with the ones there are', async () => {
  const format: ImageFormat = JSON.parse('"bmp"');
  await expect(encodeImage(picture, { format })).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'format must be one of png, jpeg, webp (got "bmp")',
    details: { param: 'format' },
  });
});
