import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineError } from '../errors.ts';
import { pictureToTensor, tensorToPicture } from './pixels.ts';

const goldens = new URL('../../../../tests/fixtures/goldens/cases/', import.meta.url);

/** One tensor of a reference case, as bytes. */
function golden(id: string, name: string): { shape: number[]; bytes: Uint8Array<ArrayBuffer> } {
  const file = readFileSync(new URL(`${id}.safetensors`, goldens));
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    file.toString('utf8', 8, 8 + headerBytes),
  );
  const { shape, data_offsets: offsets } = header[name];
  return { shape, bytes: Uint8Array.from(file.subarray(8 + headerBytes + offsets[0], 8 + headerBytes + offsets[1])) };
}

describe('tensorToPicture', () => {
  test.each(['01_square_neg_none', '04_four_samples_one_generator', '12_odd_latent_size', '17_img2img'])(
    '%s: the reference VAE output gives the reference pixels exactly',
    (id) => {
      const pixels = golden(id, 'image_u8'); // [n, height, width, 3]
      const values = new Float32Array(golden(id, 'vae.output').bytes.buffer); // [n, 3, height, width]
      const [samples, height, width] = pixels.shape;
      for (let sample = 0; sample < samples; sample++) {
        const size = 3 * height * width;
        const picture = tensorToPicture(values.slice(sample * size, (sample + 1) * size), width, height);
        expect(Buffer.from(picture.data).equals(pixels.bytes.subarray(sample * size, (sample + 1) * size))).toBe(true);
      }
    },
  );

  test('values half way between two levels go to the even one', () => {
    // Not every k + 0.5 is reached in float32; the ones that are must be ties on arrival.
    const ties = Array.from({ length: 255 }, (_, level) => level + 0.5).filter((tie) => {
      const unit = Math.fround(tie / 255);
      const value = Math.fround(2 * unit - 1);
      return Math.fround(255 * unit) === tie && Math.fround(value / 2 + 0.5) === unit;
    });
    expect(ties.length).toBeGreaterThan(100);
    const chw = new Float32Array(3 * ties.length);
    chw.set(ties.map((tie) => 2 * Math.fround(tie / 255) - 1));
    const { data } = tensorToPicture(chw, ties.length, 1);
    ties.forEach((tie, index) => {
      const even = Math.floor(tie) % 2 === 0 ? Math.floor(tie) : Math.ceil(tie);
      expect(data[3 * index]).toBe(even);
    });
  });

  test('values outside −1 … 1 are clipped', () => {
    expect([...tensorToPicture(Float32Array.of(-7, 1.001, 3e38), 1, 1).data]).toEqual([0, 255, 255]);
  });

  test('planes become interleaved rows', () => {
    const chw = Float32Array.of(-1, 1, 1, -1, /* green */ 1, 1, -1, -1, /* blue */ -1, -1, -1, 1);
    expect([...tensorToPicture(chw, 2, 2).data]).toEqual([0, 255, 0, 255, 255, 0, 255, 0, 0, 0, 0, 255]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%s anywhere is refused, never drawn',
    (value) => {
      fc.assert(
        fc.property(fc.nat({ max: 11 }), (at) => {
          const chw = new Float32Array(12);
          chw[at] = value;
          const refused = expect.objectContaining<Partial<EngineError>>({
            code: 'picture_not_finite',
            message: expect.stringMatching(/VAE gave 1 of 12 values.*not finite/),
            remedy: expect.stringContaining('fp16-fix'),
          });
          expect(() => tensorToPicture(chw, 2, 2)).toThrow(refused);
        }),
      );
    },
  );
});

describe('pictureToTensor', () => {
  test('the input of the reference image-to-image case is reproduced exactly', () => {
    const pixels = golden('17_img2img', 'input_image_u8'); // [height, width, 3]
    const [height, width] = pixels.shape;
    const expected = new Float32Array(golden('17_img2img', 'enc.input').bytes.buffer);
    expect(pictureToTensor({ width, height, data: pixels.bytes })).toEqual(expected);
  });

  test('every level survives the way to the VAE and back', () => {
    const data = Uint8Array.from({ length: 3 * 256 }, (_, index) => index % 256);
    const picture = { width: 16, height: 16, data };
    expect(tensorToPicture(pictureToTensor(picture), 16, 16)).toEqual(picture);
  });
});
