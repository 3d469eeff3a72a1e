import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage } from './decode-image.ts';
import { firstFrame } from './first-frame.ts';

const frame = { width: 9, height: 7 };
const pixels = frame.width * frame.height * 3;
/** Three frames, stacked vertically, red first. */
const frames = Buffer.concat([Buffer.alloc(pixels), Buffer.alloc(pixels, 90), Buffer.alloc(pixels, 180)]);
for (let at = 0; at < pixels; at += 3) frames[at] = 200;
const animation = sharp(frames, { raw: { width: 9, height: 21, channels: 3, pageHeight: 7 } });

const still = () => sharp(frames.subarray(0, pixels), { raw: { ...frame, channels: 3 } });

describe('of an animation only the first frame is left, as it was', () => {
  test.each([
    ['GIF', () => animation.clone().gif().toBuffer()],
    ['WebP', () => animation.clone().webp({ lossless: true }).toBuffer()],
    ['TIFF', async () => paged(await still().tiff().toBuffer())],
    ['APNG', async () => animated(await still().png().toBuffer())],
  ])('%s', async (format, make) => {
    const file = await make();
    const before = Buffer.from(file);
    const first = firstFrame(file);
    expect(file.equals(before)).toBe(true);
    if (format !== 'APNG') expect((await sharp(file).metadata()).pages).toBe(3);
    const { pages = 1, width, height } = await sharp(first).metadata();
    expect({ pages, width, height }).toEqual({ pages: 1, ...frame });
    const pixelsOf = (each: Uint8Array) => sharp(each).removeAlpha().raw().toBuffer();
    expect((await pixelsOf(first)).equals(await pixelsOf(file))).toBe(true);
    expect([...(await decodeImage(file)).data]).toEqual([...frames.subarray(0, pixels)]);
    if (format !== 'TIFF') expect(first.length).toBeLessThan(file.length);
  });
});

test.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)(
  'a %s with one picture stays as it is',
  async (format) => {
    const file = await still().toFormat(format).toBuffer();
    const first = firstFrame(file);
    expect(Buffer.from(first).equals(file)).toBe(true);
  },
);

test('the orientation and the colour profile stay, texts go', async () => {
  const file = await still().withMetadata({ orientation: 6, icc: 'p3' }).png().toBuffer();
  const text = chunk('tEXt', Buffer.from('Comment\0made by hand'));
  const withText = Buffer.concat([file.subarray(0, 33), text, file.subarray(33)]);
  expect(Buffer.from(firstFrame(withText)).equals(file)).toBe(true);
});

test('of a GIF of 300,000 frames, and an APNG of as many, some bytes are left', async () => {
  const one = await still().gif().toBuffer();
  const picture = one.subarray(one.indexOf(0x2c, 13 + 3 * 2 ** ((Number(one[10]) & 7) + 1)), -1);
  const gif = Buffer.concat([one.subarray(0, -1), ...Array.from({ length: 300_000 }, () => picture), Buffer.of(0x3b)]);
  expect(firstFrame(gif)).toHaveLength(one.length);
  expect(await decodeImage(gif)).toMatchObject(frame);
  const png = await still().png().toBuffer();
  expect(firstFrame(animated(png, 300_000))).toHaveLength(png.length);
  expect(firstFrame(animated(png, 300_000).subarray(0, -1))).toHaveLength(png.length - 1);
  expect(await decodeImage(animated(png, 300_000))).toMatchObject(frame);
});

test('a file that is cut anywhere, or says nonsense, is left to the decoder', async () => {
  for (const format of ['png', 'webp', 'gif', 'tiff'] as const) {
    const file = await (format === 'png' || format === 'tiff' ? still() : animation.clone())
      .toFormat(format)
      .toBuffer();
    for (let length = 0; length < file.length; length += 1) {
      expect(firstFrame(file.subarray(0, length)).length).toBeLessThanOrEqual(length);
      const wrong = Buffer.from(file);
      wrong[length] = 0xff;
      expect(firstFrame(wrong).length).toBeLessThanOrEqual(file.length);
    }
  }
});

/** The TIFF with its directory repeated twice (TIFF 6.0, section 2); it is little-endian. */
function paged(tiff: Buffer): Buffer {
  const at = tiff.readUInt32LE(4);
  const end = at + 2 + 12 * tiff.readUInt16LE(at);
  const directory = tiff.subarray(at, end + 4);
  const file = Buffer.concat([tiff, directory, directory]);
  file.writeUInt32LE(tiff.length, end);
  file.writeUInt32LE(tiff.length + directory.length, tiff.length + directory.length - 4);
  return file;
}

/** The PNG with frames after its own: APNG's chunks of control and data (W3C PNG, third edition, 11.3.6). */
function animated(png: Buffer, count = 2): Buffer {
  const [head, data] = [png.subarray(0, 33), png.subarray(33, -12)];
  const control = chunk('acTL', Buffer.of(0, 0, 0, 3, 0, 0, 0, 0));
  const frameControl = chunk('fcTL', Buffer.alloc(26));
  const more = Array.from({ length: count }, () => [frameControl, chunk('fdAT', Buffer.alloc(12))]).flat();
  return Buffer.concat([head, control, frameControl, data, ...more, png.subarray(-12)]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
