import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { EngineError } from '../errors.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { Device, SessionProfile } from '../runtime/devices/device.ts';
import { announcePass, type PassContext, type PassKind, type RunHooks } from '../runtime/passes.ts';
import type { Residency } from '../runtime/residency.ts';
import { commonFolder, createSession, type Feeds, runtimeVersion, type Session } from '../runtime/session.ts';
import {
  type AdapterLayers,
  type Precision,
  type Target,
  type Variant,
  variantKey,
  variantOf,
} from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { fileStates } from '../weights/weight-files.ts';
import { Int8Layers, type Int8Weights } from './int8-layers.ts';
import { AdapterBranches, adapterFeeds, type BoundGraph, Layers, type LayersOf, withAdapterTensors } from './layers.ts';
import { WeightBinder } from './weight-binder.ts';

/** The parts of a run's state needed to run or prepare a network. */
export type NetworkContext = Pick<PassContext, 'target' | 'hooks'>;

export interface NetworkOptions<Shape> {
  readonly kind: PassKind;
  /** The name by which a target selects its precision. */
  readonly part: string;
  readonly tensors: TensorTable;
  /** Gives its weights in 8 bits, read at their first use; absent: it does not support them. */
  readonly int8?: () => Promise<Int8Weights>;
  readonly build: (shape: Shape, layersOf: LayersOf) => BoundGraph;
  readonly threads: number;
  readonly weights: (precision: Precision) => SessionProfile['weights'];
  /** How many variants to keep ready; graphs are cheap to make, but not free. */
  readonly keep: number | ((precision: Precision) => number);
  /** Whether its values exceed half precision: then it is computed in float32 on every device. */
  readonly needsFloat32?: boolean;
  /** The part of a shape that identifies a variant; absent: all of it. */
  readonly sizeOf?: (shape: Shape) => object;
  /** The same on a device, where each session has weights of its own: variants with equal results hold each weight once. Absent: `sizeOf`. */
  readonly deviceSizeOf?: (shape: Shape) => object;
  /** Shared by the networks of a model; absent: its sessions are released only to make room for others of its own. */
  readonly residency?: Residency;
}

/** One network of the model, ready for any variant: sessions are created on demand and the least recently used are released. */
export class Network<Shape extends object> {
  readonly #options: NetworkOptions<Shape>;
  /** The checksums of its graphs, by variant. */
  readonly #graphs = new Map<string, { readonly sha256: string; readonly files: readonly string[] }>();
  readonly #sessions = new Map<string, { readonly session: Session; readonly size: string }>();

  constructor(options: NetworkOptions<Shape>) {
    this.#options = options;
  }

  /** The name by which a target selects its precision. */
  get part(): string {
    return this.#options.part;
  }

  /** Whether the memory of its device is short. */
  get isShort(): boolean {
    return this.#options.residency?.isShort ?? false;
  }

  /** Runs something of one or more passes, and once more with less on the device when its memory runs out, see `Residency`. */
  attempt<T>(passes: () => Promise<T>, { hooks }: Pick<NetworkContext, 'hooks'>): Promise<T> {
    const { residency } = this.#options;
    return residency ? residency.attempt(passes, hooks) : passes();
  }

  async run(shape: Shape, feeds: Feeds, context: NetworkContext): Promise<Readonly<Record<string, Float32Array>>> {
    const session = await this.prepare(shape, context);
    const { adapters } = variantOf(context.target, this.part, shape);
    const all = { ...feeds, ...adapterFeeds(adapters) };
    return announcePass(context.hooks, this.#options.kind, () => session.run(all));
  }

  async prepare(shape: Shape, { target, hooks }: NetworkContext): Promise<Session> {
    const variant = variantOf(target, this.part, shape);
    const key = variantKey(variant);
    const known = this.#sessions.get(key);
    if (known) this.#sessions.delete(key); // re-inserted below: a Map keeps the order of insertion
    const size = variantKey({ ...variant, shape: this.#sizeOf(shape) });
    const entry = known ?? { session: await this.#create(variant, size, hooks), size };
    this.#sessions.set(key, entry);
    return entry.session;
  }

  /** Changes with all that decides on the bytes of its results: graph, weights (by the state of their files), threads, processor, runtime. */
  async fingerprint(shape: Shape, target: Target): Promise<string> {
    const { threads, weights } = this.#options;
    const variant = variantOf(target, this.part, shape);
    const { sha256, files } = await this.#graph(variant);
    const held = weights(variant.precision);
    const strengths = variant.adapters.map(({ weight }) => weight);
    const machine = [threads, cpus()[0]?.model, await runtimeVersion()];
    return JSON.stringify([sha256, await fileStates(files), held, ...machine, ...strengths]);
  }

  async #graph(variant: Variant<Shape>) {
    const key = variantKey(variant);
    const known = this.#graphs.get(key);
    if (known) return known;
    const { graph: built, files } = await this.#build(variant);
    const graph = { sha256: createHash('sha256').update(built.toBytes()).digest('hex'), files };
    this.#graphs.set(key, graph);
    return graph;
  }

  async release(): Promise<void> {
    const entries = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(entries.map(({ session }) => session.release()));
  }

  #sizeOf(shape: Shape): object {
    const { residency, sizeOf, deviceSizeOf = sizeOf } = this.#options;
    return (residency?.hasDevice ? deviceSizeOf : sizeOf)?.(shape) ?? shape;
  }

  async #create(variant: Variant<Shape>, size: string, hooks: RunHooks): Promise<Session> {
    const { keep, residency } = this.#options;
    const most = typeof keep === 'number' ? keep : keep(variant.precision);
    for (const [key, oldest] of this.#sessions) {
      const sizes = new Set([...this.#sessions.values()].map((entry) => entry.size)).add(size);
      if (sizes.size <= most) break;
      if (oldest.size === size) continue;
      const release = async () => {
        this.#sessions.delete(key);
        await oldest.session.release();
      };
      await (residency ? residency.replace(release) : release());
    }
    return announcePass(hooks, 'session', async () => {
      const { threads } = this.#options;
      const weights = this.#options.weights(variant.precision);
      const { graph, folder } = await this.#build(variant);
      return createSession(graph, variant.device, { weightFolder: folder, threads, weights });
    });
  }

  async #build({ device: given, precision, shape, adapters }: Variant<Shape>) {
    const { build, needsFloat32 = false } = this.#options;
    const device: Device = needsFloat32 ? { ...given, form: { ...given.form, arithmetic: 'float32' } } : given;
    const int8 = precision === 'int8' ? await this.#int8() : undefined;
    const tensors = withAdapterTensors(this.#options.tensors, this.part, adapters);
    const files = [...[...tensors.values()].map((tensor) => tensor.file), ...(int8?.files ?? [])];
    const folder = commonFolder(files);
    const options = { adapters: adapters.flatMap(({ networks }) => networks.get(this.part) ?? []) };
    const graph = build(
      shape,
      int8 ? int8LayersOver(tensors, int8, device, folder, options) : layersOver(tensors, device, folder, options),
    );
    return { graph, folder, files };
  }

  #int8(): Promise<Int8Weights> {
    const { int8 } = this.#options;
    if (int8) return int8();
    throw new EngineError('internal', `${this.part} does not support 8-bit weights`);
  }
}

export interface LayersOptions {
  /** Called for a missing or unusable tensor; the default throws. */
  readonly onProblem?: (problem: EngineError) => void;
  /** What adapters change, in order; their tensors are among the tensors. */
  readonly adapters?: readonly AdapterLayers[];
}

/**
 * Binds graphs to the weights of a component.
 *
 * @param folder against which the session resolves external data
 */
export function layersOver(
  tensors: TensorTable,
  device: Device,
  folder: string,
  options: LayersOptions = {},
): LayersOf {
  return (name) => {
    const { graph, weights, branches } = bindGraph(name, tensors, device, folder, options);
    return new Layers(graph, weights, device.form, branches);
  };
}

/** The same with the matrix products in 8 bits. */
export function int8LayersOver(
  tensors: TensorTable,
  int8: Int8Weights,
  device: Device,
  folder: string,
  options: LayersOptions = {},
): LayersOf {
  return (name) => {
    const { graph, weights, branches } = bindGraph(name, tensors, device, folder, options);
    return new Int8Layers(graph, weights, device.form, (matrix) => int8.bind(graph, matrix, folder), branches);
  };
}

function bindGraph(
  name: string,
  tensors: TensorTable,
  { form }: Device,
  folder: string,
  { onProblem, adapters = [] }: LayersOptions,
) {
  const graph = new GraphBuilder(name, form.arithmetic);
  const weights = new WeightBinder(graph, tensors, folder, form, onProblem);
  return { graph, weights, branches: new AdapterBranches(graph, weights, adapters) };
}
