import { expect, test } from 'vitest';
import { defaultTarget, variantKey } from './variant.ts';

test('sessions are told apart by shape, adapters, precision and device, and by nothing else', () => {
  const shape = { height: 8, width: 16 };
  const key = variantKey({ ...defaultTarget, shape });
  expect(variantKey({ shape: { ...shape }, ...defaultTarget })).toBe(key);
  expect(variantKey({ ...defaultTarget, shape: { ...shape, width: 8 } })).not.toBe(key);
  expect(variantKey({ ...defaultTarget, adapters: ['style'], shape })).not.toBe(key);
  expect(variantKey({ ...defaultTarget, adapters: ['a', 'b'], shape })).not.toBe(
    variantKey({ ...defaultTarget, adapters: ['b', 'a'], shape }),
  );
});
