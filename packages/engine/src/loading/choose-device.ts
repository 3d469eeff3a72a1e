import type { DeviceInfo, DeviceReport } from '../device-info.ts';
import { EngineError } from '../errors.ts';
import type { DeviceSetting, LoadOptions } from '../model.ts';
import { cpu, cpuKind } from '../runtime/devices/cpu.ts';
import { cudaProblem, missingNvidiaCard } from '../runtime/devices/cuda-files.ts';
import { type Device, type DeviceName, deviceNames, type GraphForm } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';
import { vulkanAdvice } from '../runtime/devices/driver-packages.ts';
import { type Machine, missingCard } from '../runtime/devices/graphics-cards.ts';
import { checkNames } from '../runtime/devices/probe-steps.ts';
import { unusable } from './device-report.ts';

type Arithmetic = DeviceInfo['arithmetic'];

const ONLY_CPU = 'networks in 8 bits run on the CPU only';

/** What a model is loaded for, in a form that can be sent to another process. */
export interface DeviceChoice {
  readonly info: DeviceInfo;
  readonly form: GraphForm;
  /** One line for whoever runs this: a card that is there is not used, or what is used is slower than the CPU. */
  readonly notice?: string;
}

/** Tries a device. `untilRefused`: only until it is clear that `auto` does not take it. */
export type Probe = (name: DeviceName, extent: 'whole' | 'untilRefused') => Promise<DeviceReport>;

export const cpuChoice: DeviceChoice = {
  info: { name: cpuKind.name, title: cpuKind.title, arithmetic: cpu.form.arithmetic },
  form: cpu.form,
};

export function deviceOf({ info, form }: DeviceChoice): Device {
  return deviceKinds[info.name].create(form);
}

/** What `auto` tries, the first first. A platform that is not here has only the CPU; Core ML is taken only by name. */
const orders: Readonly<Record<string, readonly DeviceName[]>> = {
  'linux-x64': ['cuda', 'webgpu'],
  'win32-x64': ['webgpu', 'directml'],
  'win32-arm64': ['webgpu', 'directml'],
  'darwin-arm64': ['webgpu'],
};

/** How many times as fast as the CPU a device must be for `auto`. It keeps software adapters out, which no name tells. */
const WORTHWHILE = 2;

export function isWorthwhile({ speed }: Pick<DeviceReport, 'speed'>): boolean {
  return speed !== undefined && speed.device >= WORTHWHILE * speed.cpu;
}

type Environment = Readonly<Record<string, string | undefined>>;

type Wanted = Pick<LoadOptions, 'device' | 'arithmetic' | 'precision'>;

/**
 * The device that a model is loaded for: the one that is named, if a probe finds it right, or with `auto` the first that is right and
 * worthwhile.
 *
 * @throws EngineError `invalid_request`, `device_unavailable`
 */
export async function chooseDevice(options: Wanted, machine: Machine, probe: Probe): Promise<DeviceChoice> {
  const { device, arithmetic } = deviceSettings(options, machine.env);
  if (device === 'auto' && wantsInt8(options)) return inWantedArithmetic(cpuBecause(ONLY_CPU), arithmetic);
  if (device === 'auto') return inWantedArithmetic(await chooseBest(arithmetic, machine, probe), arithmetic);
  if (device !== 'cpu' && wantsInt8(options)) {
    throw noInt8('precision', 'the precision int8', device, 'leave precision out');
  }
  if (device !== 'cpu') return requireDevice(device, arithmetic, machine, probe);
  if (options.arithmetic !== 'float16') return inWantedArithmetic(cpuChoice, arithmetic);
  throw new EngineError('invalid_request', 'arithmetic is float16, but the CPU computes in float32 only', {
    remedy: 'leave arithmetic out, or load the model for a graphics card',
    details: { param: 'arithmetic' },
  });
}

/** The refusal of networks in 8 bits on a device that has no kernels for them. @param wanted what asks for them */
export function noInt8(param: string, wanted: string, device: DeviceName, remedy: string): EngineError {
  return new EngineError('invalid_request', `${wanted} cannot be used on ${device}: ${ONLY_CPU}`, {
    remedy: `${remedy}, or choose the device cpu`,
    details: { param },
  });
}

function wantsInt8({ precision }: Wanted): boolean {
  return typeof precision === 'object' ? Object.values(precision).includes('int8') : precision === 'int8';
}

/** Options over the variables EASEL_DEVICE and EASEL_ARITHMETIC over what is usual. @throws EngineError `invalid_request` */
export function deviceSettings({ device, arithmetic }: Wanted, env: Environment) {
  const devices: readonly DeviceSetting[] = ['auto', ...deviceNames];
  const arithmetics: readonly Arithmetic[] = ['float32', 'float16'];
  return {
    device: oneOf(devices, 'device', device, 'EASEL_DEVICE', env) ?? 'auto',
    arithmetic: oneOf(arithmetics, 'arithmetic', arithmetic, 'EASEL_ARITHMETIC', env) ?? 'float32',
  };
}

function oneOf<T extends string>(
  allowed: readonly T[],
  option: 'device' | 'arithmetic',
  given: string | undefined,
  variable: string,
  env: Environment,
): T | undefined {
  const [name, value] = given === undefined ? [variable, env[variable] || undefined] : [option, given];
  if (value === undefined) return undefined;
  const found = allowed.find((known) => known === value);
  if (found !== undefined) return found;
  const list = `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`;
  const remedy = name === variable ? `set ${name} to one of these, or unset it` : 'use one of these, or leave it out';
  throw new EngineError('invalid_request', `${name} must be ${list} (got ${JSON.stringify(value)})`, {
    remedy,
    details: { param: option },
  });
}

async function chooseBest(arithmetic: Arithmetic, machine: Machine, probe: Probe): Promise<DeviceChoice> {
  const order = orders[machine.platform] ?? [];
  if (order.length === 0) return cpuBecause(`on ${machine.platform} the runtime supports only the CPU`);
  const refused: string[] = [];
  let missing = 'no graphics card was found';
  for (const name of order) {
    const card = missingCard(name, machine);
    missing = card ?? missing;
    if (card !== undefined) continue;
    const report = obstacleReport(name, machine) ?? (await probe(name, 'untilRefused'));
    const why = refusal(report);
    if (why === undefined) return choiceOf(report, arithmetic, refused);
    refused.push(`${report.title} is not used: ${why}`);
  }
  if (refused.length === 0) return cpuBecause(missing);
  const reason = refused.join('; ');
  return { ...cpuBecause(reason), notice: `the CPU is used. ${reason}` };
}

/** Says so where float16 was asked for, and the CPU is used. */
function inWantedArithmetic(choice: DeviceChoice, wanted: Arithmetic): DeviceChoice {
  if (choice.info.name !== 'cpu' || wanted === 'float32') return choice;
  const { notice, info } = choice;
  const said = notice ?? (info.reason === undefined ? 'the CPU is used' : `the CPU is used: ${info.reason}`);
  return { ...choice, notice: `${said}; it computes in float32, not in float16` };
}

function cpuBecause(reason: string): DeviceChoice {
  return { ...cpuChoice, info: { ...cpuChoice.info, reason } };
}

/** Why `auto` does not take a device. */
function refusal(report: DeviceReport): string | undefined {
  const { usable, reason = 'it cannot be used', speed } = report;
  if (!usable) return reason;
  if (isWorthwhile(report)) return undefined;
  return speed ? `${compare(speed)}, and it should be twice as fast` : 'its speed is not known';
}

function compare({ device, cpu: ofCpu }: NonNullable<DeviceReport['speed']>): string {
  return `it reaches ${gigaflopsText(device)}, the CPU ${gigaflopsText(ofCpu)}`;
}

/** A speed for people. */
export function gigaflopsText(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} GFLOP/s`;
}

async function requireDevice(
  name: DeviceName,
  arithmetic: Arithmetic,
  machine: Machine,
  probe: Probe,
): Promise<DeviceChoice> {
  const report = absentReport(name, machine) ?? (await probe(name, 'whole'));
  const { title, usable } = report;
  const { reason, remedy } = report.checks[0]?.ok === false ? (obstacleReport(name, machine) ?? report) : report;
  if (!usable) throw unavailable('device', `${title} (${name}) cannot be used here: ${reason}`, remedy);
  const half = report.checks.find((check) => check.name === checkNames.float16);
  if (arithmetic === 'float16' && half?.ok !== true) {
    const problem = `${title} (${name}) cannot compute in float16 here: ${half?.reason ?? 'it was not tried'}`;
    throw unavailable('arithmetic', problem, 'leave arithmetic out, which is float32');
  }
  return choiceOf(report, arithmetic, []);
}

function unavailable(param: string, problem: string, remedy: string | undefined): EngineError {
  const other = 'or choose another device: auto or cpu';
  return new EngineError('device_unavailable', problem, {
    remedy: remedy === undefined ? other : `${remedy}; ${other}`,
    details: { param },
  });
}

/**
 * The report on a device that need not be tried, since it cannot be there. Other devices than CUDA may also be software, so they are tried
 * where they are named.
 */
function absentReport(name: DeviceName, machine: Machine): DeviceReport | undefined {
  return unavailableHere(name, machine) ?? (name === 'cuda' ? withoutCard(name, machine) : undefined);
}

/** The report on a device that the runtime does not have on this platform. */
export function unavailableHere(name: DeviceName, { platform }: Machine): DeviceReport | undefined {
  const { platforms } = deviceKinds[name];
  if (platforms.includes(platform)) return undefined;
  const present = deviceNames.filter((other) => deviceKinds[other].platforms.includes(platform));
  const reason = `the runtime has it on ${platforms.join(', ')}, and this is ${platform}`;
  return {
    ...unusable(name, { reason, remedy: `the devices of this platform are ${present.join(', ')}` }),
    isSupported: false,
  };
}

/** The report on a device for which this machine shows no card. */
export function withoutCard(name: DeviceName, machine: Machine): DeviceReport | undefined {
  const reason = missingCard(name, machine);
  if (reason === undefined) return undefined;
  if (name === 'cuda') return unusable(name, missingNvidiaCard(machine) ?? { reason });
  return unusable(name, { reason, remedy: `it needs a graphics card; if there is one, ${vulkanAdvice()}` });
}

/** The report on a device that need not be tried, since the libraries that it needs are not there. */
export function obstacleReport(name: DeviceName, { env }: Machine): DeviceReport | undefined {
  const problem = name === 'cuda' ? cudaProblem(env) : undefined;
  return problem && unusable(name, problem);
}

/** A device that a probe has found right. @param refused why those before it were not taken */
function choiceOf(report: DeviceReport, wanted: Arithmetic, refused: readonly string[]): DeviceChoice {
  const { name, title, form = deviceKinds[name].form, speed, adapter, memoryBytes } = report;
  const half = report.checks.find((check) => check.name === checkNames.float16);
  const arithmetic = wanted === 'float16' && half?.ok === true ? wanted : 'float32';
  const inFloat32 =
    arithmetic === wanted ? [] : [`${title} computes in float32: in float16 ${half?.reason ?? 'it was not tried'}`];
  const reasons = [...refused, ...inFloat32];
  const notices = [
    ...inFloat32,
    ...(speed && speed.device < speed.cpu ? [`${title} is slower than the CPU here: ${compare(speed)}`] : []),
  ];
  return {
    form: { ...form, arithmetic },
    info: {
      ...{ name, title, arithmetic },
      ...(adapter !== undefined && { adapter }),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(reasons.length > 0 && { reason: reasons.join('; ') }),
    },
    ...(notices.length > 0 && { notice: notices.join('; ') }),
  };
}
