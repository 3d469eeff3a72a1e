import { describe, expect, test } from 'vitest';
import { loadUpscaler } from '../../src/load-upscaler.ts';
import { pixelsToChannels } from '../../src/pipeline/network-upscaler.ts';
import { fixturePath, floatsOf, maxAbsDifference, readFixture } from '../fixtures.ts';

const expected = readFixture('upscaler/expected.safetensors');

/** 22×14 pixels in 8 bits, which is what the upscaler takes. */
function picture() {
  const values = floatsOf(expected, 'picture'); // [3, 14, 22]
  const data = Uint8Array.from({ length: 3 * 14 * 22 }, (_, i) =>
    Math.round(255 * values[(i % 3) * 308 + Math.floor(i / 3)]),
  );
  return { width: 22, height: 14, data };
}

describe('an RRDBNet computes what the paper’s network does', () => {
  test.each([
    ['x4', 'x4', 4],
    ['x4_original', 'x4', 4],
    ['x2_folded', 'x2_folded', 2],
    ['x2_original', 'x2', 2],
  ])('%s', async (file, name, scale) => {
    const upscaler = await loadUpscaler(fixturePath(`upscaler/${file}.safetensors`), { threads: 1 });
    expect(upscaler.scale).toBe(scale);
    const made = await upscaler.upscale(picture());
    await upscaler.close();
    expect([made.width, made.height]).toEqual([22 * scale, 14 * scale]);
    const golden = floatsOf(expected, name);
    const area = made.width * made.height;
    const bytes = made.data.map((_, i) =>
      Math.round(255 * Math.min(1, Math.max(0, golden[(i % 3) * area + Math.floor(i / 3)]))),
    );
    expect(maxAbsDifference(made.data, bytes)).toBeLessThanOrEqual(1);
  });
});

test('pixels become channels in PyTorch’s order', () => {
  const planes = { data: Float32Array.from({ length: 8 }, (_, i) => i), channels: 1, width: 4, height: 2 };
  expect([...pixelsToChannels(planes, 2).data]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
});
