import { EngineError } from '../errors.ts';
import type { LoadOptions } from '../model.ts';
import { type Device, deviceNames } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';

/** The device that a model is loaded for. @throws EngineError `invalid_request` */
export function chooseDevice({ device = 'cpu', arithmetic }: Pick<LoadOptions, 'device' | 'arithmetic'>): Device {
  if (!deviceNames.includes(device)) {
    const problem = `device must be ${deviceNames.join(', ')} (got ${JSON.stringify(device)})`;
    throw new EngineError('invalid_request', problem, { details: { param: 'device' } });
  }
  const { create, form } = deviceKinds[device];
  return create(arithmetic ? { ...form, arithmetic } : form);
}
