import { expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { fromWireError, isWireError, toWireError } from './wire-error.ts';

const throughTheChannel = (thrown: unknown): unknown => structuredClone(toWireError(thrown));

function received(thrown: unknown): EngineError {
  const wire = throughTheChannel(thrown);
  if (!isWireError(wire)) throw new TypeError('not understood');
  return fromWireError(wire);
}

test("an engine's error arrives with its code, message and details", () => {
  const details = { file: 'unet/model.safetensors', tensor: 'conv_in.weight' };
  const error = received(new EngineError('tensor_shape', 'conv_in.weight is [1]', { details }));
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ code: 'tensor_shape', kind: 'model', message: 'conv_in.weight is [1]', details });
});

test('any other error arrives as internal, with the stack it had in the child as its cause', () => {
  const error = received(new RangeError('Invalid array length'));
  expect(error).toMatchObject({ code: 'internal', message: 'Invalid array length' });
  expect(error.cause).toMatchObject({ stack: expect.stringContaining('RangeError: Invalid array length') });
  expect(received('text')).toMatchObject({ code: 'internal', message: 'text' });
});

test('what is no error of the catalogue is not taken for one', () => {
  const wire = toWireError(new EngineError('cancelled', 'x'));
  expect(isWireError(wire)).toBe(true);
  expect(isWireError({ ...wire, code: 'toString' })).toBe(false);
  expect(isWireError({ ...wire, details: { file: 7 } })).toBe(false);
  expect(isWireError({ code: 'cancelled' })).toBe(false);
});
