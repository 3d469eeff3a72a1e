import { embeddedModelSizes, sizeForPicture, sizesForNative } from '@easel/contract';
import { createEngineHost, inspectModel } from '@easel/engine';
import { expect, test } from 'vitest';
import { adviceOnSize, nearestShape, sizesOfModel } from '../packages/engine/src/pipeline/picture-sizes.ts';

test('the engine draws from a picture at the size that the contract says, for every shape and native size', () => {
  for (const native of [256, 512, 768, 1024]) {
    for (let percent = 20; percent <= 500; percent += 3) {
      const picture = { width: percent * 10, height: 1000 };
      const engine = nearestShape(picture, sizesOfModel(native, undefined));
      expect(engine, `${percent} of ${native}`).toEqual(sizeForPicture(picture, native, sizesForNative(native)));
      const declared = { minSide: 64, maxSide: 256 };
      if (native === 256)
        expect(nearestShape(picture, sizesOfModel(native, declared))).toEqual(
          sizeForPicture(picture, native, embeddedModelSizes),
        );
    }
  }
});

test('a size far from the training of a model is remarked on; not what a model says it draws, nor any of its sizes', () => {
  const full = sizesOfModel(1024, undefined);
  for (const size of full.trained) expect(adviceOnSize(size, full)).toBeUndefined();
  for (const side of [256, 512, 1536]) expect(adviceOnSize({ width: side, height: side }, full)).toMatch(/far from/);
  const small = sizesOfModel(256, { minSide: 64, maxSide: 256 });
  expect(adviceOnSize({ width: 64, height: 96 }, small)).toBeUndefined();
});

test('demo names the embedded model in TypeScript too', async () => {
  const model = await createEngineHost({ model: 'demo' });
  try {
    expect(model.info.defaults).toMatchObject({ width: 256, height: 256 });
    const { images } = await model.generate({ prompt: 'a red apple', seed: 1, steps: 1 });
    expect(images).toHaveLength(1);
  } finally {
    await model.close();
  }
  expect((await inspectModel('demo')).problems).toEqual([]);
});
