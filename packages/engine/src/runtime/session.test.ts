import { expect, test } from 'vitest';
import { commonFolder } from './session.ts';

test.each([
  [['/models/a/unet.safetensors'], '/models/a'],
  [['/models/a/x', '/models/a/y'], '/models/a'],
  [['/models/a/unet/x', '/models/a/vae/y'], '/models/a'],
  [['/hub/blobs/1', '/other/2'], '/'],
  [['/hub/blob/1', '/hub/blobs/2'], '/hub'],
  [['/x'], '/'],
])('the common folder of %j is %s', (files, folder) => {
  expect(commonFolder(files)).toBe(folder);
});
