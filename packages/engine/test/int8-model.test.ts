import { describe, expect, test } from 'vitest';
import { loadModel } from '../src/load-model.ts';
import type { LoadOptions } from '../src/model.ts';
import { fixturePath } from './fixtures.ts';

type Precision = LoadOptions['precision'];

describe('the tiny model with random weights', () => {
  const request = { prompt: 'a red apple', seed: 3, steps: 2, width: 64, height: 96, guidanceScale: 1 };

  /** What its networks give: the texts, the first prediction, the picture before it is cut to 8 bits. */
  async function outputs(precision: Precision) {
    const model = await loadModel(fixturePath('model'), { threads: 1, ...(precision && { precision }) });
    const found = { texts: new Float32Array(), prediction: new Float32Array(), decoded: new Float32Array() };
    const { images } = await model.generate(request, {
      onTexts: ({ positive }) => {
        found.texts = positive.context.slice();
      },
      onPrediction: ({ index, prediction }) => {
        if (index === 0) found.prediction = prediction.guided.slice();
      },
      onDecoded: ({ image }) => {
        found.decoded = image.data.slice();
      },
    });
    await model.close();
    return { ...found, picture: images[0].data };
  }

  test('is exact unless it is asked otherwise, byte for byte', async () => {
    const { picture } = await outputs(undefined);
    expect((await outputs('exact')).picture).toEqual(picture);
    expect((await outputs({ unet: 'exact' })).picture).toEqual(picture);
    expect((await outputs('int8')).picture).not.toEqual(picture);
  });

  test('gives with each part in 8 bits what it gives in float32, within 5 % of its size', async () => {
    const exact = await outputs('exact');
    const texts = await outputs({ text_encoder: 'int8', text_encoder_2: 'int8' });
    expect(relative(texts.texts, exact.texts)).toBeLessThan(0.05);
    const unet = await outputs({ unet: 'int8' });
    expect(unet.texts).toEqual(exact.texts);
    expect(relative(unet.prediction, exact.prediction)).toBeLessThan(0.05);
    const vae = await outputs({ vae: 'int8' });
    expect(vae.prediction).toEqual(exact.prediction);
    expect(relative(vae.decoded, exact.decoded)).toBeLessThan(0.05);
  });

  test.each([
    ['a precision that there is not', 'int4', 'precision must be exact or int8 (got "int4")'],
    [
      'a part that there is not',
      { unett: 'int8' },
      'precision has no part unett; the parts are text_encoder, text_encoder_2, unet, vae',
    ],
    ['a precision of a part that there is not', { vae: 8 }, 'precision must be exact or int8 (got 8)'],
  ])('refuses %s', async (_, precision, message) => {
    const options = Object.assign({}, { precision });
    const loading = Reflect.apply(loadModel, undefined, [fixturePath('model'), options]);
    await expect(loading).rejects.toMatchObject({ code: 'invalid_request', message, details: { param: 'precision' } });
  });
});

/** ‖a − b‖ / ‖b‖ */
function relative(a: Float32Array, b: Float32Array): number {
  let [error, size] = [0, 0];
  b.forEach((value, index) => {
    error += (a[index] - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}
