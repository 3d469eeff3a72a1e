import { totalmem } from 'node:os';
import { EngineError } from '../errors.ts';
import type { Device } from './devices/device.ts';

/**
 * What stays in memory between the stages of a picture (texts, denoising, pixels) and between pictures. `large`: all networks.
 * `normal`: the UNet and the VAE. `small`: one network at a time, and none between pictures. No result depends on it.
 */
export const memoryUses = ['small', 'normal', 'large'] as const;

export type MemoryUse = (typeof memoryUses)[number];

/** A use; `auto`: the largest that suits the memory of this machine; or that of a machine with so many gigabytes. */
export type MemorySetting = 'auto' | MemoryUse | number;

const MOST_SIZES: Readonly<Record<MemoryUse, number>> = { small: 1, normal: 2, large: 4 };

/** In bytes: the weights of a stage's networks, and the intermediate results of the largest one at the model's native size. */
export interface StageNeeds {
  readonly weights: number;
  readonly work: number;
}

export interface MemoryNeeds {
  readonly texts: StageNeeds;
  readonly denoise: StageNeeds;
  readonly pixels: StageNeeds;
}

export type Stage = keyof MemoryNeeds;

/** Node.js, the runtime, the graphs of the sessions and the texts that are kept. */
const PROCESS_BYTES = 0.25e9;

/** The peak resident memory of a picture of native size, weights included. */
export function peakBytes(needs: MemoryNeeds, use: MemoryUse): number {
  return PROCESS_BYTES + networkBytes(needs, use);
}

function networkBytes({ texts, denoise, pixels }: MemoryNeeds, use: MemoryUse): number {
  const alone = ({ weights, work }: StageNeeds) => weights + work;
  const kept = denoise.weights + pixels.weights;
  const networks = {
    small: Math.max(alone(texts), alone(denoise), alone(pixels)),
    normal: Math.max(kept + alone(texts), kept + denoise.work, kept + pixels.work),
    large: texts.weights + kept + Math.max(texts.work, denoise.work, pixels.work),
  };
  return networks[use];
}

/** The rest is for the system, the server and its database, and for pictures larger than native size. */
const USABLE_SHARE = 0.8;

/** The largest use that suits so many bytes of memory; `small` where none does. */
export function useFor(needs: MemoryNeeds, bytes: number): MemoryUse {
  return memoryUses.findLast((use) => peakBytes(needs, use) <= USABLE_SHARE * bytes) ?? 'small';
}

/**
 * What happens with so many bytes of memory. `fits`: all is read once. `rereads`: weights do not stay in memory, so each pass reads them from
 * the disk again. `fails`: not even the intermediate results fit, which cannot be read again, and the system ends the process.
 */
export type MemoryOutcome = 'fits' | 'rereads' | 'fails';

export function outcomeOf(needs: MemoryNeeds, use: MemoryUse, bytes: number): MemoryOutcome {
  if (peakBytes(needs, use) <= bytes) return 'fits';
  const work = Math.max(...Object.values(needs).map((stage: StageNeeds) => stage.work));
  return PROCESS_BYTES + work <= bytes ? 'rereads' : 'fails';
}

/** The memory that this process may use, in bytes: the machine's, or less where a container limits it. */
export function machineMemory(): number {
  const limit = process.constrainedMemory(); // 0: unknown
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

const GIGABYTE = 1e9;

function bytesOf(setting: MemorySetting): number {
  return typeof setting === 'number' ? setting * GIGABYTE : machineMemory();
}

/** What a model may take where several share the memory; a use that is named stays. @param bytes of all there is; undefined: not known */
export function shareOfMemory(setting: MemorySetting, share: number, bytes: number | undefined): MemorySetting {
  if (share === 1) return setting;
  if (typeof setting === 'number') return setting * share;
  return setting === 'auto' && bytes !== undefined ? (bytes / GIGABYTE) * share : setting;
}

export function chosenUse(setting: MemorySetting, needs: MemoryNeeds): MemoryUse {
  return typeof setting === 'number' || setting === 'auto' ? useFor(needs, bytesOf(setting)) : setting;
}

/** The rest of a device's memory is for its driver and the screen. */
const DEVICE_SHARE = 0.95;

/**
 * The use on a device with memory of its own. Where that is not known, everything is tried first: when it runs out, `Residency` goes on with
 * `small`. A device that keeps released weights has no `normal`.
 *
 * @param needs on the device
 * @param bytes of the device, as far as the system tells
 */
export function deviceUse(
  setting: MemorySetting,
  needs: MemoryNeeds,
  { keepsReleasedWeights }: Pick<Device, 'keepsReleasedWeights'>,
  bytes: number | undefined,
): MemoryUse {
  const uses = memoryUses.filter((use) => use !== 'normal' || !keepsReleasedWeights);
  if (typeof setting === 'string' && setting !== 'auto') return uses.find((use) => use === setting) ?? 'small';
  const available = typeof setting === 'number' ? setting * GIGABYTE : bytes;
  if (available === undefined) return 'large';
  return uses.findLast((use) => networkBytes(needs, use) <= DEVICE_SHARE * available) ?? 'small';
}

/**
 * How many picture sizes a network stays prepared for; the least recently used is released first.
 *
 * @param sessionBytes what each session has of its own: its weights, unless they are mapped
 */
export function preparedSizes(setting: MemorySetting, needs: MemoryNeeds, sessionBytes: number): number {
  const use = chosenUse(setting, needs);
  const spareBytes = USABLE_SHARE * bytesOf(setting) - peakBytes(needs, use);
  const further = sessionBytes === 0 ? MOST_SIZES[use] : Math.max(0, Math.floor(spareBytes / sessionBytes));
  return Math.min(MOST_SIZES[use], 1 + further);
}

/** @throws EngineError `invalid_request` */
export function requireMemory(given: unknown = 'auto'): MemorySetting {
  const named = (['auto', ...memoryUses] as const).find((name) => name === given);
  if (named !== undefined) return named;
  if (typeof given === 'number' && given > 0 && Number.isFinite(given)) return given;
  const message = `memory must be auto, ${memoryUses.join(', ')} or a number of gigabytes above 0 (got ${JSON.stringify(given)})`;
  throw new EngineError('invalid_request', message, { details: { param: 'memory' } });
}

/** As the command line and the environment give it: `auto`, `small`, `8` … @throws EngineError `invalid_request` */
export function parseMemory(text: string): MemorySetting {
  return requireMemory(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
}
