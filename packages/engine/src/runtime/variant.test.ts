import { expect, test } from 'vitest';
import { cpu } from './devices/cpu.ts';
import { deviceKinds } from './devices/devices.ts';
import { type Adapter, defaultTarget, resultKey, variantKey, variantOf } from './variant.ts';

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
  const [a, b] = [adapter('a'), adapter('b')];
  expect(of({ adapters: [a] })).not.toBe(key);
  expect(of({ adapters: [a, b] })).not.toBe(of({ adapters: [b, a] }));
  expect(of({ adapters: [adapter('a', 1, 'text_encoder')] }), 'an adapter of another network').toBe(key);
});

test('the weight of an adapter is part of the key of results, not of sessions', () => {
  const of = (weight: number) => variantOf({ ...defaultTarget, adapters: [adapter('a', weight)] }, 'unet', {});
  expect(variantKey(of(0.5))).toBe(variantKey(of(1)));
  expect(resultKey(of(0.5))).not.toBe(resultKey(of(1)));
});

function adapter(key: string, weight = 1, network = 'unet'): Adapter {
  return { key, weight, networks: new Map([[network, new Map()]]) };
}
