import { existsSync } from 'node:fs';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { Int8Weights } from '../components/int8-layers.ts';
import { EngineError } from '../errors.ts';
import { type SdxlConfigs, type SdxlPart, sdxlParts } from '../families/sdxl-architecture.ts';
import type { LoadOptions } from '../model.ts';
import { type Profile, profileNames, profiles } from '../profiles.ts';
import { cpu } from '../runtime/devices/cpu.ts';
import type { Device, SessionProfile } from '../runtime/devices/device.ts';
import type { MemoryUse } from '../runtime/memory.ts';
import { type Precision, precisions } from '../runtime/variant.ts';
import { beginsAsInt8File } from '../weights/int8-file.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { noInt8 } from './choose-device.ts';
import { int8FileOf, int8Matrices, missingInt8File, openInt8Weights, quantizeInMemory } from './int8-weights.ts';

const sdxlPartNames = Object.keys(sdxlParts).filter(isSdxlPart);

/** The precision of each part that is not exact; undefined: each request's profile decides. @throws EngineError `invalid_request` */
export function fixedPrecision(
  given: LoadOptions['precision'],
): Readonly<Partial<Record<SdxlPart, Precision>>> | undefined {
  if (given === undefined) return undefined;
  const entries: (readonly [string, unknown])[] =
    typeof given === 'object' ? Object.entries(given) : sdxlPartNames.map((part) => [part, given]);
  const chosen: Partial<Record<SdxlPart, Precision>> = {};
  for (const [part, wanted] of entries) {
    if (!isSdxlPart(part)) throw invalidPrecision(`has no part ${part}; the parts are ${sdxlPartNames.join(', ')}`);
    const precision = precisions.find((known) => known === (wanted ?? 'exact'));
    if (precision === undefined)
      throw invalidPrecision(`must be ${precisions.join(' or ')} (got ${JSON.stringify(wanted)})`);
    if (precision !== 'exact') chosen[part] = precision;
  }
  return chosen;
}

/** The precision of each part in a profile. */
export function precisionOf(profile: Profile): Readonly<Partial<Record<SdxlPart, Precision>>> {
  return fixedPrecision(profiles[profile].precision) ?? {};
}

export function isSdxlPart(name: string): name is SdxlPart {
  return Object.hasOwn(sdxlParts, name);
}

function invalidPrecision(problem: string): EngineError {
  return new EngineError('invalid_request', `precision ${problem}`, { details: { param: 'precision' } });
}

/** The 8-bit weights of a model: read, or made in memory where the model is small, when they are first needed. */
export class Int8Source {
  readonly #checkpoint: Checkpoint;
  readonly #configs: SdxlConfigs;
  readonly #given: string | undefined;
  readonly #parts: readonly SdxlPart[];
  #opened: Promise<ReadonlyMap<SdxlPart, Int8Weights>> | undefined;

  /** @param given the file; undefined: the default from `int8FileOf` */
  constructor(
    checkpoint: Checkpoint,
    configs: SdxlConfigs,
    given: string | undefined,
    parts: readonly SdxlPart[] = sdxlPartNames,
  ) {
    this.#checkpoint = checkpoint;
    this.#configs = configs;
    this.#given = given;
    this.#parts = parts;
  }

  /** Whether there is a file of them, or the model is small enough to need none. */
  get isAvailable(): boolean {
    return this.#opened !== undefined || this.#isMadeInMemory() || beginsAsInt8File(this.#path());
  }

  /** @throws EngineError `model_file_missing` for a profile whose weights are missing */
  require(profile: Profile): void {
    if (profiles[profile].precision === 'exact' || this.isAvailable) return;
    throw missingInt8File(`the profile ${profile}`, this.#checkpoint, this.#given);
  }

  /** @throws EngineError `model_file_missing`, `weights_corrupt`; the next call tries again */
  open(): Promise<ReadonlyMap<SdxlPart, Int8Weights>> {
    this.#opened ??= this.#open().catch((thrown: unknown) => {
      this.#opened = undefined;
      throw thrown;
    });
    return this.#opened;
  }

  async weightsOf(part: SdxlPart): Promise<Int8Weights> {
    const weights = (await this.open()).get(part);
    if (weights) return weights;
    throw new EngineError('internal', `the 8-bit weights of ${part} were not opened`);
  }

  async #open(): Promise<ReadonlyMap<SdxlPart, Int8Weights>> {
    const all = int8Matrices(this.#checkpoint, this.#configs);
    const wanted = new Map([...all].filter(([part]) => this.#parts.includes(part)));
    if (!this.#isMadeInMemory()) return openInt8Weights(this.#checkpoint, wanted, this.#given);
    const weights = new Map<SdxlPart, Int8Weights>();
    for (const [part, matrices] of wanted)
      weights.set(part, await quantizeInMemory(matrices, this.#checkpoint.components[part].tensors));
    return weights;
  }

  /** Takes less than a second. */
  #isMadeInMemory(): boolean {
    const { components } = this.#checkpoint;
    const isSmall = this.#parts.every((part) => storedBytes(components[part].tensors) <= RESIDENT_BYTES);
    return isSmall && this.#given === undefined && !existsSync(this.#path());
  }

  #path(): string {
    return this.#given ?? int8FileOf(this.#checkpoint);
  }
}

type Kernels = Pick<Device, 'name' | 'hasInt8'>;

/** The profiles that a model can do on a device. */
export function profilesOf({ isAvailable }: Int8Source, device: Kernels = cpu): readonly Profile[] {
  return profileNames.filter((name) =>
    device.hasInt8 ? isAvailable || profiles[name].precision === 'exact' : hasUse(profiles[name]),
  );
}

/** Without kernels for 8 bits: what saves passes still does, in the device's own arithmetic. */
function hasUse({ precision, acceleration }: (typeof profiles)[Profile]): boolean {
  return precision === 'exact' || acceleration !== undefined;
}

/** @throws EngineError `invalid_request` for a profile that the device cannot do, `model_file_missing` for one whose weights are missing */
export function requireProfile(profile: Profile, device: Kernels, int8: Int8Source): void {
  if (device.hasInt8) int8.require(profile);
  else if (!hasUse(profiles[profile])) {
    const possible = profilesOf(int8, device).join(' or ');
    throw noInt8('profile', `the profile ${profile}`, device.name, `use the profile ${possible}`);
  }
}

/** @throws EngineError `invalid_request` for 8 bits on a device that has no kernels for them */
export function requirePrecision(fixed: ReturnType<typeof fixedPrecision>, device: Kernels): void {
  if (device.hasInt8 || !Object.values(fixed ?? {}).includes('int8')) return;
  throw noInt8('precision', 'the precision int8', device.name, 'leave precision out');
}

/** A component with fewer stored bytes is widened once at load: faster, and small enough not to matter. */
export const RESIDENT_BYTES = 64 * 2 ** 20;

export function storedBytes(tensors: TensorTable): number {
  return [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Where packing the weights pays for the memory it takes (docs/performance.md): always in a small network and in the VAE, whose
 * convolutions are a quarter faster packed; in the UNet in 8 bits, a quarter faster too, where memory is ample: its packed weights are
 * 2.4 GB of the process's own. Only `resident` changes the last bits of a result, so it must not depend on memory.
 */
export function weightsFor(
  part: SdxlPart,
  precision: Precision,
  bytes: number,
  use: MemoryUse,
): SessionProfile['weights'] {
  if (bytes <= RESIDENT_BYTES) return 'resident';
  if (part === 'vae') return precision === 'exact' ? 'resident' : 'mapped';
  return part === 'unet' && precision === 'int8' && use === 'large' ? 'packed' : 'mapped';
}
