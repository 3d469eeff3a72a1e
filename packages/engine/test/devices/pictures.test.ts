import { expect, test } from 'vitest';
import { runInChild, softwareDevice, tooLong, withoutHalf } from '../../../../tests/support/software-device.ts';
import { cpuChoice } from '../../src/loading/choose-device.ts';
import type { GenerateRequest } from '../../src/model.ts';
import type { Arithmetic } from '../../src/onnx/graph-builder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { makePictures, pictureDistance } from './pictures.ts';
import { softwareChoice } from './software-choice.ts';

const size = { width: 64, height: 64 };
const text: GenerateRequest = {
  prompt: 'a red apple',
  negativePrompt: 'blurry',
  ...size,
  steps: 2,
  guidanceScale: 3,
  seed: 3,
};
const start = { ...size, data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7) % 256) };
const requests: readonly GenerateRequest[] = [text, { ...text, image: { picture: start, strength: 0.5 } }];

/** How far pictures of the embedded model on the software device are from those of the CPU: with and without a start image. */
async function compare(arithmetic: Arithmetic) {
  const cacheDir = await temporaryFolder();
  const expected = await makePictures({ choice: cpuChoice, requests, cacheDir });
  const work = { choice: softwareChoice(softwareDevice, arithmetic), requests, cacheDir };
  const child = new URL('./pictures-child.ts', import.meta.url);
  const pictures = await runInChild<Uint8Array[]>(child, work, softwareDevice);
  return pictures.map((picture, index) => pictureDistance(picture, expected[index]));
}

test('pictures with guidance, from texts and from a picture, are those of the CPU, but for a level here and there', async ({
  skip,
}) => {
  if (softwareDevice.missing !== undefined) skip(softwareDevice.missing);
  if (tooLong !== undefined) skip(tooLong);
  const distances = await compare('float32');
  expect(distances).toHaveLength(requests.length);
  for (const { most, differing } of distances) {
    expect(most).toBeLessThanOrEqual(1);
    expect(differing).toBeLessThanOrEqual(0.001);
  }
});

test('in half precision they are near them', async ({ skip }) => {
  if (!softwareDevice.hasHalf) skip(withoutHalf);
  if (softwareDevice.missing !== undefined) skip(softwareDevice.missing);
  const distances = await compare('float16');
  expect(distances).toHaveLength(requests.length);
  for (const { most, differing } of distances) {
    expect(most).toBeLessThanOrEqual(6); // measured: 2
    expect(differing).toBeGreaterThan(0); // it was half precision
    expect(differing).toBeLessThanOrEqual(0.3); // measured: 0.12
  }
});
