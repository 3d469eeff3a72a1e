import { embeddedModelSizes, sizeForPicture, sizesForNative } from '@easel/contract';
import { createEngineHost, inspectModel } from '@easel/engine';
import { expect, test } from 'vitest';
import { nearestShape, sizesOfModel } from '../packages/engine/src/pipeline/picture-sizes.ts';

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
