import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../errors.ts';
import type { LoraRequest } from '../model.ts';
import { systemCode, unreadable } from '../model-files.ts';
import type { Adapter } from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { type AdapterFile, readAdapterFile } from './adapter-file.ts';
import { type FittedAdapter, fitAdapter } from './fit-adapter.ts';
import { type AdaptedPart, LayerNames } from './layer-names.ts';
import { checkTrainedOn, type TrainedNoise } from './trained-on.ts';

/** What of a model decides which adapters fit it. */
export interface AdaptedModel {
  readonly tensors: Readonly<Record<AdaptedPart, TensorTable>>;
  readonly noise: TrainedNoise;
}

/** An adapter that fits a model. */
export interface OpenAdapter extends FittedAdapter {
  /** Changes with its file. */
  readonly key: string;
  /** The SHA-256 by which tools know it: of what follows its header, or what its metadata says. */
  readonly hash: string;
}

/** The headers of so many files are kept. */
const KEPT = 32;

/** The adapters of one model: opened once, and again when their file has changed. */
export class AdapterShelf {
  readonly #model: AdaptedModel;
  #names: LayerNames | undefined;
  readonly #open = new Map<string, OpenAdapter>();

  constructor(model: AdaptedModel) {
    this.#model = model;
  }

  /**
   * Opens what a request asks for.
   *
   * @throws EngineError `model_file_missing`, `model_unsupported`, `weights_corrupt`
   */
  async take(requests: readonly LoraRequest[]): Promise<readonly TakenAdapter[]> {
    const taken: TakenAdapter[] = [];
    for (const { file, weight, anyBase = false } of requests) {
      const adapter = await this.open(file, anyBase);
      taken.push({ ...adapter, file, weight });
    }
    return taken;
  }

  /** @param isForced see `checkTrainedOn` */
  async open(file: string, isForced: boolean): Promise<OpenAdapter> {
    const key = `${await fileKey(file)}${isForced ? ' forced' : ''}`;
    const known = this.#open.get(key);
    if (known) return known;
    const read = await readAdapterFile(file);
    const notice = checkTrainedOn(read, this.#model.noise, isForced);
    this.#names ??= new LayerNames(this.#model.tensors);
    const { networks, notices } = await fitAdapter(read, this.#names);
    const adapter = {
      key,
      networks,
      notices: notice === undefined ? notices : [notice, ...notices],
      hash: await hashOf(read),
    };
    this.#open.set(key, adapter);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= KEPT) break;
      this.#open.delete(oldest);
    }
    return adapter;
  }
}

/** As a request uses it. */
export interface TakenAdapter extends Adapter, OpenAdapter {
  readonly file: string;
}

async function fileKey(file: string): Promise<string> {
  try {
    const path = await realpath(file);
    const { size, mtimeMs } = await stat(path);
    return JSON.stringify([path, size, mtimeMs]);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw unreadable(file, cause);
    const details = { file, param: 'loras' };
    throw new EngineError('model_file_missing', `the LoRA ${file} does not exist`, { details, cause });
  }
}

/** As AUTOMATIC1111 and kohya's scripts compute it: tools find a LoRA by its first characters. */
async function hashOf({ file, dataStart, metadata }: AdapterFile): Promise<string> {
  const stored = metadata.sshs_model_hash;
  if (stored !== undefined && /^[0-9a-f]{64}$/.test(stored)) return stored;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { start: dataStart }), hash);
  return hash.digest('hex');
}
