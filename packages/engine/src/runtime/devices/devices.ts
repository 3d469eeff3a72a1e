import { coreml } from './coreml.ts';
import { cpuKind } from './cpu.ts';
import { cuda } from './cuda.ts';
import type { DeviceKind, DeviceName } from './device.ts';
import { directml } from './directml.ts';
import { webgpu } from './webgpu.ts';

/** Every kind of device, by name. */
export const deviceKinds: Readonly<Record<DeviceName, DeviceKind>> = { cpu: cpuKind, webgpu, cuda, directml, coreml };
