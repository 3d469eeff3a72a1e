import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage, decodeMask, encodeImage } from '@easel/engine';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/run-easel.ts';
import { readStartBase64, readStartPixels } from './start-files.ts';

const picture = { width: 16, height: 8, data: Uint8Array.from({ length: 3 * 128 }, (_, i) => i % 251) };

async function inFolder(): Promise<string> {
  const image = join(temporaryFolder(), 'photo.png');
  await writeFile(image, await encodeImage(picture, { format: 'png' }));
  return image;
}

test('--outpaint sends a server the canvas and its mask, and names its size unless another is named', async () => {
  const image = await inFolder();
  const outpaint = { left: 8, right: 0, top: 0, bottom: 8 };
  const here = await readStartPixels({ image, outpaint });
  expect(here).toMatchObject({ size: { width: 24, height: 16 } });
  const sent = await readStartBase64({ image, outpaint });
  expect(sent?.size).toEqual(here?.size);
  expect(await decodeImage(Buffer.from(sent?.image ?? '', 'base64'))).toEqual(here?.image);
  expect(await decodeMask(Buffer.from(sent?.mask ?? '', 'base64'))).toEqual(here?.mask);
  for (const named of [{ width: 64, height: 64 }, { size: { width: 64, height: 64 } }, { maskPadding: 8 }])
    expect(await readStartPixels({ image, outpaint, ...named })).not.toHaveProperty('size');
});

test('--outpaint is refused where the canvas is larger than any model draws, unless only a part is painted', async () => {
  const image = await inFolder();
  const outpaint = { left: 2040, right: 0, top: 0, bottom: 0 };
  const [most, over] = [{ ...outpaint, left: 2032 }, outpaint];
  expect(await readStartPixels({ image, outpaint: most })).toMatchObject({ size: { width: 2048, height: 8 } });
  await expect(readStartPixels({ image, outpaint: over })).rejects.toMatchObject({
    code: 'usage',
    message: '--outpaint makes 2056×8, more than the model draws (2048×2048)',
    remedy: 'add --mask-padding, or use a smaller picture',
  });
  expect(await readStartPixels({ image, outpaint: over, maskPadding: 8 })).toMatchObject({ image: { width: 2056 } });
});

test('a mask that cannot be read is told by its option and its path', async () => {
  const image = await inFolder();
  const refused = (mask: string) => readStartPixels({ image, mask });
  const missing = join(image, '..', 'none.png');
  await expect(refused(missing)).rejects.toMatchObject({
    code: 'image_unreadable',
    message: expect.stringContaining(`--mask ${missing}`),
  });
  const text = join(image, '..', 'mask.txt');
  await writeFile(text, 'no picture');
  await expect(refused(text)).rejects.toMatchObject({
    message: `--mask ${text}: the mask cannot be read: it is not a PNG, JPEG, WebP, GIF, TIFF or AVIF file`,
  });
});
