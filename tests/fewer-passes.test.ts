import { loadModel, profiles } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { expect, test } from 'vitest';
import { ciede2000, msSsim } from '../packages/engine/src/image/picture-distance.ts';

const { acceleration = {} } = profiles.fast;

test('the fewer passes of the profile fast leave less than half of the full passes, and nearly the same picture', async () => {
  const model = await loadModel(demoModelPath);
  for (const request of [
    { prompt: 'a red apple on a blue background', seed: 11 },
    { prompt: 'a panda in the snow', seed: 7 },
    { prompt: 'a dog and a cat', seed: 7 },
  ]) {
    const exact = await model.generate(request);
    const { images, used } = await model.generate({ ...request, acceleration });
    const { full = 0, exact: all = 0 } = used.acceleration?.passes ?? {};
    expect(full / all, request.prompt).toBeLessThan(0.45);
    expect(msSsim(exact.images[0], images[0]), request.prompt).toBeGreaterThan(0.97);
    expect(ciede2000(exact.images[0], images[0]), request.prompt).toBeLessThan(3);
  }
  await model.close();
});
