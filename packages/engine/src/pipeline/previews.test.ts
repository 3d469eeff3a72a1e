import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Planes } from '../components/vae/tiling.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { cachedPreviewMap, fitAffine, fitPreviewMap, type PreviewMap, renderPreview } from './previews.ts';

/** A VAE whose colours are exactly an affine map of its latents, with eight pixels a side for each. */
const truth: PreviewMap = [
  [0.3, -0.2, 0.1],
  [0, 0.4, -0.1],
  [-0.5, 0.1, 0.2],
];
async function decode({ data, height, width }: Planes): Promise<Planes> {
  const image = new Float32Array(3 * 64 * height * width);
  for (let index = 0; index < image.length; index++) {
    const [x, y] = [index % (8 * width), Math.floor(index / (8 * width)) % (8 * height)];
    const row = truth[Math.floor(index / (64 * height * width))];
    const pixel = Math.floor(y / 8) * width + Math.floor(x / 8);
    image[index] = row[0] * data[pixel] + row[1] * data[height * width + pixel] + row[2];
  }
  return { data: image, channels: 3, height: 8 * height, width: 8 * width };
}

test('the map of an affine VAE is found, and renders its colours', async () => {
  const map = await fitPreviewMap(2, 0.5, createGenerator(0).randn, decode);
  map.forEach((row, colour) => {
    row.forEach((value, column) => {
      expect(value).toBeCloseTo(truth[colour][column], 2);
    });
  });
  const picture = renderPreview({ data: Float32Array.of(1, -2), channels: 2, height: 1, width: 1 }, map);
  const expected = truth.map(([a, b, bias]) =>
    Math.round(255 * Math.min(1, Math.max(0, (a - 2 * b + bias) / 2 + 0.5))),
  );
  expect([...picture.data].map((value, colour) => Math.abs(value - expected[colour]) <= 1)).toEqual([true, true, true]);
});

test('a map is fitted once per VAE, and again when its file is damaged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-previews-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  let fits = 0;
  const fitted = async () => {
    fits++;
    return truth;
  };
  expect(await cachedPreviewMap(folder, 'one', fitted)).toEqual(truth);
  expect(await cachedPreviewMap(folder, 'one', fitted)).toEqual(truth);
  expect(fits).toBe(1);
  await cachedPreviewMap(folder, 'another', fitted);
  expect(fits).toBe(2);
  for (const name of await readdir(join(folder, 'previews'))) await writeFile(join(folder, 'previews', name), '[[1');
  expect(await cachedPreviewMap(folder, 'one', fitted)).toEqual(truth);
  expect(fits).toBe(3);
});

test('a cache that cannot be written does not stop a run', async () => {
  expect(await cachedPreviewMap('/dev/null/nowhere', 'one', async () => truth)).toEqual(truth);
});

const coefficient = fc.double({ min: -10, max: 10, noNaN: true });

test('an exact affine relation is found again', () => {
  fc.assert(
    fc.property(fc.array(coefficient, { minLength: 3, maxLength: 3 }), (weights) => {
      const inputs = Array.from({ length: 30 }, (_, k) => [Math.sin(k), Math.cos(3 * k), 1]);
      const targets = inputs.map((input) => input.reduce((sum, value, i) => sum + value * weights[i], 0));
      fitAffine(inputs, targets).forEach((value, i) => {
        expect(value).toBeCloseTo(weights[i], 3);
      });
    }),
  );
});

test('an input that never changes does not break the fit', () => {
  const fitted = fitAffine(
    [0, 1, 2, 3].map((x) => [x, 0, 1]),
    [1, 3, 5, 7],
  );
  expect(fitted[0]).toBeCloseTo(2, 3);
  expect(fitted[1]).toBe(0);
});
