import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage, decodeMask, measureImage } from './decode-image.ts';

const raw = { raw: { width: 3, height: 2, channels: 3 } } as const;
const pixels = Uint8Array.of(200, 100, 50, 10, 20, 30, 255, 255, 255, 0, 0, 0, 1, 2, 3, 128, 128, 128);

test('the picture is turned as its orientation says', async () => {
  const file = await sharp(pixels, raw).withMetadata({ orientation: 6 }).png().toBuffer(); // 90° clockwise
  const { width, height, data } = await decodeImage(file);
  expect({ width, height, data: [...data] }).toEqual({
    width: 2,
    height: 3,
    data: [0, 0, 0, 200, 100, 50, 1, 2, 3, 10, 20, 30, 128, 128, 128, 255, 255, 255],
  });
});

test('transparency is dropped and the colours below it kept', async () => {
  const rgba = sharp(Uint8Array.of(200, 100, 50, 0, 10, 20, 30, 128), { raw: { width: 2, height: 1, channels: 4 } });
  expect([...(await decodeImage(await rgba.png().toBuffer())).data]).toEqual([200, 100, 50, 10, 20, 30]);
});

test('greyscale, with transparency too, becomes three equal channels', async () => {
  const grey = sharp(Uint8Array.of(200, 10), { raw: { width: 2, height: 1, channels: 1 } }).toColourspace('b-w');
  const greyAlpha = sharp(Uint8Array.of(200, 0, 10, 128), { raw: { width: 2, height: 1, channels: 2 } }).toColourspace(
    'b-w',
  );
  for (const image of [grey, greyAlpha]) {
    expect([...(await decodeImage(await image.png().toBuffer())).data]).toEqual([200, 200, 200, 10, 10, 10]);
  }
});

test('16 bits become 8', async () => {
  const values = Uint16Array.of(0xffff, 0x8000, 0x00ff, 0x0180, 0x8080, 0x7fff);
  const image = sharp(values, { raw: { width: 2, height: 1, channels: 3 } }).toColourspace('rgb16');
  const file = await image.png().toBuffer();
  expect((await sharp(file).metadata()).depth).toBe('ushort');
  expect([...(await decodeImage(file)).data]).toEqual([255, 128, 0, 1, 128, 127]);
});

test('CMYK becomes RGB by the colours its inks stand for', async () => {
  const patch = (background: string) =>
    sharp({ create: { width: 16, height: 16, channels: 3, background } })
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
  expect((await sharp(await patch('red')).metadata()).space).toBe('cmyk');
  const [white, red] = [await decodeImage(await patch('white')), await decodeImage(await patch('red'))];
  expect(white.data).toHaveLength(16 * 16 * 3);
  expect(Math.min(...white.data)).toBeGreaterThan(250);
  expect(red.data[0]).toBeGreaterThan(200); // the gamut of inks does not reach a screen's red
  expect(Math.max(red.data[1], red.data[2])).toBeLessThan(80);
});

test('a profile of sRGB changes nothing, another one is applied', async () => {
  const plain = [...(await decodeImage(await sharp(pixels, raw).png().toBuffer())).data];
  const srgb = await decodeImage(await sharp(pixels, raw).withIccProfile('srgb').png().toBuffer());
  expect([...srgb.data]).toEqual(plain);
  const wide = await sharp(pixels, raw).withIccProfile('p3').png().toBuffer(); // other numbers, same colours
  const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
  expect([...stored]).not.toEqual(plain);
  (await decodeImage(wide)).data.forEach((level, index) => {
    expect(Math.abs(level - plain[index])).toBeLessThanOrEqual(2);
  });
});

test.each(['webp', 'gif', 'tiff', 'avif'] as const)('%s is read', async (format) => {
  const file = await sharp(pixels, raw).toFormat(format, { lossless: true }).toBuffer();
  expect(await decodeImage(file)).toMatchObject({ width: 3, height: 2 });
});

describe('refused as image_unreadable', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('not a picture at all')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')],
  ])('%s, with the formats that are read', async (_, file) => {
    const message = /not a PNG, JPEG, WebP, GIF, TIFF or AVIF file/;
    await expect(decodeImage(file)).rejects.toMatchObject({
      code: 'image_unreadable',
      message: expect.stringMatching(message),
    });
  });

  test.each(['png', 'jpeg', 'webp'] as const)('%s that is cut short', async (format) => {
    const noise = sharp({
      create: { width: 64, height: 64, channels: 3, background: 'white', noise: { type: 'gaussian' } },
    });
    const file = await noise.toFormat(format).toBuffer();
    const cut = decodeImage(file.subarray(0, Math.floor(file.length / 2)));
    await expect(cut).rejects.toMatchObject({ code: 'image_unreadable', message: expect.stringContaining('damaged') });
  });

  test('what takes more than 256 MB while it is decoded: deep colours, several passes', async () => {
    const black = { width: 6000, height: 6000, channels: 4, background: 'black' } as const;
    const plain = sharp({ create: black }).png({ compressionLevel: 1 });
    expect(await measureImage(await plain.toBuffer())).toEqual({ width: 6000, height: 6000 });
    const deep = await sharp({ create: black }).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer();
    const interlaced = await sharp({ create: black }).png({ compressionLevel: 1, progressive: true }).toBuffer();
    for (const file of [deep, interlaced]) {
      await expect(measureImage(file)).rejects.toMatchObject({
        code: 'image_unreadable',
        message: expect.stringContaining('decoding it takes 275 MB, and 256 are allowed (got 6000×6000)'),
      });
    }
  });

  test('a small file that claims more than 64 megapixels', async () => {
    const file = await sharp(pixels, raw).png().toBuffer();
    file.writeUInt32BE(10_000, 16);
    file.writeUInt32BE(10_000, 20);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    await expect(decodeImage(file)).rejects.toMatchObject({
      code: 'image_unreadable',
      message: expect.stringContaining('more than 64 megapixels'),
      details: { param: 'image' },
    });
  });
});

describe('a mask', () => {
  const rgba = (...pixels: number[]) => sharp(Uint8Array.from(pixels), { raw: { width: 2, height: 1, channels: 4 } });

  test('repaints what is transparent, whatever its colours, if anything is', async () => {
    const file = await rgba(255, 255, 255, 255, 0, 0, 0, 55).png().toBuffer();
    expect(await decodeMask(file)).toEqual({ width: 2, height: 1, data: Uint8Array.of(0, 200) });
  });

  test('else repaints what is bright, also in colours and with an alpha channel', async () => {
    const file = await rgba(255, 0, 0, 255, 255, 255, 255, 255).png().toBuffer();
    expect([...(await decodeMask(file)).data]).toEqual([76, 255]);
    const grey = sharp(Uint8Array.of(7, 200), { raw: { width: 2, height: 1, channels: 1 } });
    expect([...(await decodeMask(await grey.png().toBuffer())).data]).toEqual([7, 200]);
  });

  test('that is no picture is refused by its own name', async () => {
    const refused = {
      code: 'image_unreadable',
      details: { param: 'mask' },
      message: expect.stringMatching(/^the mask cannot/),
    };
    await expect(decodeMask(Buffer.from('no picture'))).rejects.toMatchObject(refused);
  });
});
