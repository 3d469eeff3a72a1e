import { demoModelPath } from '@easel/demo-model';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import { assembleModel } from '../../src/loading/assemble-model.ts';
import type { DeviceChoice } from '../../src/loading/choose-device.ts';
import type { GenerateRequest } from '../../src/model.ts';

export interface PicturesWork {
  readonly choice: DeviceChoice;
  readonly requests: readonly GenerateRequest[];
  readonly cacheDir: string;
}

/** The values of the embedded model's pictures. */
export async function makePictures({ choice, requests, cacheDir }: PicturesWork): Promise<Uint8Array[]> {
  const model = await assembleModel(await openCheckpoint(demoModelPath), { cacheDir, memory: 'large' }, choice);
  try {
    const pictures: Uint8Array[] = [];
    for (const request of requests) pictures.push((await model.generate(request)).images[0].data);
    return pictures;
  } finally {
    await model.close();
  }
}

/** The most levels that a value differs by, and the share of values that differ. */
export function pictureDistance(picture: Uint8Array, expected: Uint8Array) {
  if (picture.length !== expected.length) throw new Error(`${picture.length} values, not ${expected.length}`);
  const levels = picture.map((value, at) => Math.abs(value - expected[at]));
  return { most: Math.max(...levels), differing: levels.filter((level) => level > 0).length / levels.length };
}
