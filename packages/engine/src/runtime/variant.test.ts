import { expect, test } from 'vitest';
import { cpu } from './devices/cpu.ts';
import { deviceKinds } from './devices/devices.ts';
import { defaultTarget, variantKey, variantOf } from './variant.ts';

test('sessions are told apart by shape, adapters, precision and device, and by nothing else', () => {
  const shape = { height: 8, width: 16 };
  const of = (target: Partial<typeof defaultTarget>, sizes = shape) =>
    variantKey(variantOf({ ...defaultTarget, ...target }, 'unet', sizes));
  const key = of({});
  expect(of({ device: cpu }, { ...shape })).toBe(key);
  expect(of({ device: deviceKinds.webgpu.create(deviceKinds.webgpu.form) })).not.toBe(key);
  expect(of({ device: { ...cpu, form: { ...cpu.form, arithmetic: 'float16' } } }), 'another form').not.toBe(key);
  expect(of({}, { ...shape, width: 8 })).not.toBe(key);
  expect(of({ precision: { unet: 'int8' } })).not.toBe(key);
  expect(of({ precision: { unet: 'exact', vae: 'int8' } }), 'the precision of another network').toBe(key);
  expect(of({ adapters: ['style'] })).not.toBe(key);
  expect(of({ adapters: ['a', 'b'] })).not.toBe(of({ adapters: ['b', 'a'] }));
});
