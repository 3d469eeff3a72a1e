import { EngineError } from '../errors.ts';
import type { DeviceInfo, LoadOptions } from '../model.ts';
import { type Device, type DeviceName, deviceNames } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';

/** What a model is loaded for, and how that is told. */
export interface ChosenDevice {
  readonly device: Device;
  readonly info: DeviceInfo;
}

/** The device that a model is loaded for. @throws EngineError `invalid_request` */
export function chooseDevice({ device = 'cpu', arithmetic }: Pick<LoadOptions, 'device' | 'arithmetic'>): ChosenDevice {
  const name: DeviceName = device === 'auto' ? 'cpu' : device;
  if (!deviceNames.includes(name)) {
    const problem = `device must be auto, ${deviceNames.join(', ')} (got ${JSON.stringify(device)})`;
    throw new EngineError('invalid_request', problem, { details: { param: 'device' } });
  }
  const { create, form, title } = deviceKinds[name];
  const chosen = create(arithmetic ? { ...form, arithmetic } : form);
  return { device: chosen, info: { name, title, arithmetic: chosen.form.arithmetic } };
}
