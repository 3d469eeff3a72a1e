import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../errors.ts';
import type { LoraRequest } from '../model.ts';
import { systemCode, unreadable } from '../model-files.ts';
import type { Adapter, AdapterLayers, LowRank } from '../runtime/variant.ts';
import { readFloatsFrom } from '../weights/element-values.ts';
import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';
import {
  type AdaptedPart,
  type AdapterFile,
  type AdapterRole,
  adaptedParts,
  checkTrainedOn,
  LayerNames,
  type ModelLayer,
  peftConfig,
  readAdapterFile,
  type TrainedNoise,
} from './adapter-file.ts';

/** What of a model decides which adapters fit it. */
export interface AdaptedModel {
  readonly components: Readonly<Record<AdaptedPart, { readonly tensors: TensorTable }>>;
  readonly family: { readonly noise: TrainedNoise };
  /** What should be known of an adapter by what it is called, of the path that it was asked for by; absent: nothing. */
  adapterNotice?(adapter: Pick<AdapterFile, 'name' | 'file' | 'metadata'>): string | undefined;
}

/** An adapter that fits a model. */
export interface OpenAdapter extends FittedAdapter {
  /** Changes with its file. */
  readonly key: string;
  /** What its file says of its licence (`license` of Stability's ModelSpec); undefined: nothing. */
  readonly licence: string | undefined;
  /** The SHA-256 by which tools know it: of what follows its header, or what its metadata says. Read when it is used. */
  readonly hash: () => Promise<string>;
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
      taken.push({ ...adapter, hash: await adapter.hash(), file, weight });
    }
    return taken;
  }

  /** @param isForced see `checkTrainedOn` */
  async open(file: string, isForced: boolean): Promise<OpenAdapter> {
    const key = `${await fileKey(file)}${isForced ? ' forced' : ''}`;
    const known = this.#open.get(key);
    if (known) return known;
    const read = await readAdapterFile(file);
    const told = [
      checkTrainedOn(read, this.#model.family.noise, isForced),
      this.#model.adapterNotice?.({ ...read, file }),
    ];
    this.#names ??= new LayerNames(this.#model.components);
    const { networks, notices } = await fitAdapter(read, this.#names);
    const adapter = {
      key,
      networks,
      notices: [...told.filter((notice) => notice !== undefined), ...notices],
      licence: licenceOf(read),
      hash: remembered(() => hashOf(read)),
    };
    this.#open.set(key, adapter);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= KEPT) break;
      this.#open.delete(oldest);
    }
    return adapter;
  }
}

/** A name or an address; a file may say anything, so not much of it is told. */
const LONGEST_LICENCE = 120;

function licenceOf({ metadata }: AdapterFile): string | undefined {
  const said = metadata['modelspec.license']?.trim();
  return said === undefined || said === '' ? undefined : said.slice(0, LONGEST_LICENCE);
}

/** As a request uses it. */
export interface TakenAdapter extends Adapter, Omit<OpenAdapter, 'hash'> {
  readonly file: string;
  readonly hash: string;
}

/** Makes a value once; after a failure, again. */
function remembered<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => {
    made ??= make();
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw error;
    }
  };
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

/** An adapter's layers by network, and what the user should know. */
export interface FittedAdapter {
  readonly networks: ReadonlyMap<string, AdapterLayers>;
  readonly notices: readonly string[];
}

type LayerTensors = ReadonlyMap<AdapterRole, TensorInfo>;

interface FoundLayer {
  /** As the file names it. */
  readonly given: string;
  readonly tensors: LayerTensors;
  readonly layer: ModelLayer;
}

/**
 * Finds the layers of a model that an adapter changes, and checks that all of them fit.
 *
 * @throws EngineError `model_unsupported` when it is for another kind of model, `weights_corrupt`
 */
export async function fitAdapter(adapter: AdapterFile, names: LayerNames): Promise<FittedAdapter> {
  const { found, missing } = findLayers(adapter, names);
  if (found.length === 0) throw noMatch(adapter, missing);
  const networks = new Map<AdaptedPart, Map<string, LowRank>>();
  await using handle = await open(adapter.file);
  for (const { given, tensors, layer } of found) {
    const alphaTensor = tensors.get('alpha');
    const [alpha] = (alphaTensor && (await readFloatsFrom(handle, alphaTensor))) ?? [];
    const layers = networks.get(layer.part) ?? new Map<string, LowRank>();
    networks.set(layer.part, layers.set(layer.name, lowRank(adapter, { given, tensors, layer }, alpha)));
  }
  const ordered = adaptedParts.flatMap((part) => {
    const layers = networks.get(part);
    return layers ? [[part, layers] as const] : [];
  });
  return { networks: new Map(ordered), notices: noticesOf(adapter, missing) };
}

/** A file with names of both kinds has one of them for nothing: diffusers drops those of the original code, and so do we. */
function findLayers({ layers }: AdapterFile, names: LayerNames) {
  const all = [...layers].map(([given, tensors]) => ({ given, tensors, match: names.find(given) }));
  const hasOwnNames = all.some(({ match }) => match?.layer.part === 'unet' && !match.isOriginalName);
  const found: FoundLayer[] = [];
  const missing: string[] = [];
  for (const { given, tensors, match } of all) {
    if (match === undefined) missing.push(given);
    else if (!(match.isOriginalName && hasOwnNames)) found.push({ given, tensors, layer: match.layer });
  }
  return { found, missing };
}

function lowRank(adapter: AdapterFile, { given, tensors, layer }: FoundLayer, alpha: number | undefined): LowRank {
  const [down, mid, up] = [tensors.get('down'), tensors.get('mid'), tensors.get('up')];
  if (!down || !up)
    throw damaged(adapter, `${given} has ${down ? 'no up' : up ? 'no down' : 'neither down nor up'} matrix`);
  if (alpha !== undefined && !Number.isFinite(alpha)) throw damaged(adapter, `the alpha of ${given} is ${alpha}`);
  const rank = down.shape[0] ?? 0;
  const [out = 1, inner = 1, ...kernel] = layer.shape;
  const isConv = kernel.length > 0;
  const pointwise = isConv ? [1, 1] : [];
  const shapes = {
    down: [rank, inner, ...(mid ? pointwise : kernel)],
    up: [out, rank, ...pointwise],
    ...(mid && { mid: [rank, rank, ...kernel] }),
  };
  const parts = {
    down: viewed(down, shapes.down),
    up: viewed(up, shapes.up),
    mid: mid && viewed(mid, [rank, rank, ...kernel]),
  };
  if (rank === 0 || !parts.down || !parts.up || (mid && (!parts.mid || !isConv)))
    throw wrongShape(adapter, given, { down, up }, layer);
  return {
    down: parts.down,
    up: parts.up,
    ...(parts.mid && { mid: parts.mid }),
    rank,
    scale: scaleOf(adapter, layer, rank, alpha),
  };
}

/** alpha / rank; an alpha of 0 or none means the rank, as kohya's scripts have it. */
function scaleOf(adapter: AdapterFile, { part, name }: ModelLayer, rank: number, alpha: number | undefined): number {
  if (alpha !== undefined) return (alpha || rank) / rank;
  const { alpha: common, alphas, isRankStabilised } = peftConfig(adapter, part);
  const [, own] = [...alphas].find(([layer]) => name === layer || name.endsWith(`.${layer}`)) ?? [];
  return ((own ?? common) || rank) / (isRankStabilised ? Math.sqrt(rank) : rank);
}

/** The tensor under this shape, if it has these elements: matrices may be stored as 1×1 convolutions and the other way round. */
function viewed(tensor: TensorInfo, shape: readonly number[]): TensorInfo | undefined {
  const bare = (sides: readonly number[]) => {
    const [rows = 1, columns = 1, ...rest] = sides;
    return String(rest.every((side) => side === 1) ? [rows, columns] : sides);
  };
  return bare(tensor.shape) === bare(shape) ? { ...tensor, shape } : undefined;
}

function noticesOf({ name, layers, unknown }: AdapterFile, missing: readonly string[]): string[] {
  const notices: string[] = [];
  if ([...layers.values()].some((tensors) => tensors.has('magnitude')))
    notices.push(`${name} is a DoRA: its magnitudes are left out, as diffusers does, and only its LoRA is used`);
  if (missing.length > 0)
    notices.push(
      `${name} changes ${missing.length} of ${layers.size} layers that the model does not have: ${some(missing)}`,
    );
  if (unknown.length > 0) notices.push(`${name} has ${unknown.length} tensors that are not used: ${some(unknown)}`);
  return notices;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`;
}

function noMatch(adapter: AdapterFile, missing: readonly string[]): EngineError {
  const message = `${adapter.name} changes no layer of this model${guess(adapter)}: its layers are ${some(missing)}`;
  return refusal(adapter, message);
}

function wrongShape(
  adapter: AdapterFile,
  given: string,
  { down, up }: { readonly down: TensorInfo; readonly up: TensorInfo },
  { shape }: ModelLayer,
): EngineError {
  const sizes = `[${down.shape}] and [${up.shape}]`;
  const message = `${adapter.name} does not fit this model${guess(adapter)}: for ${given}, a layer of [${shape}], it has ${sizes}`;
  return refusal(adapter, message);
}

function refusal({ file }: AdapterFile, message: string): EngineError {
  const remedy = 'use an adapter that was trained for this model';
  return new EngineError('model_unsupported', message, { remedy, details: { file, param: 'loras' } });
}

function damaged({ file, name }: AdapterFile, problem: string): EngineError {
  const remedy = 'download the file again';
  return new EngineError('weights_corrupt', `${name}: ${problem}`, { remedy, details: { file, param: 'loras' } });
}

/** Widths of the text that a UNet's cross-attention takes. */
const textWidths: ReadonlyMap<number, string> = new Map([
  [768, 'Stable Diffusion 1.x'],
  [1024, 'Stable Diffusion 2.x'],
  [1280, 'the SDXL refiner'],
  [2048, 'SDXL'],
]);

const otherNames: readonly (readonly [test: RegExp, what: string])[] = [
  [/(double|single)_(transformer_)?blocks/, 'Flux'],
  [/joint_(transformer_)?blocks/, 'Stable Diffusion 3'],
  [/^(lora_)?transformer[._]|adaln_single|noise_refiner/, 'a diffusion transformer'],
  [/temporal|motion_modules/, 'a model of videos'],
];

/** What the adapter was probably trained on. */
function guess({ layers }: AdapterFile): string {
  for (const [name, tensors] of layers) {
    const width = /attn2[._](processor[._])?to_[kv]$/.test(name) ? tensors.get('down')?.shape[1] : undefined;
    const model = textWidths.get(width ?? 0) ?? otherNames.find(([test]) => test.test(name))?.[1];
    if (model !== undefined) return ` (it looks like one for ${model})`;
  }
  return '';
}
