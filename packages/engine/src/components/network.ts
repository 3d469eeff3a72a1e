import { EngineError } from '../errors.ts';
import type { Device, SessionProfile } from '../runtime/devices/device.ts';
import { announcePass, type PassContext, type PassKind, type RunHooks } from '../runtime/passes.ts';
import { commonFolder, createSession, type Feeds, type Session } from '../runtime/session.ts';
import { devices, type Variant, variantKey, variantOf } from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { Int8Layers, type Int8Weights } from './int8-layers.ts';
import { type BoundGraph, Layers, type LayersOf } from './layers.ts';
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
  readonly weights: SessionProfile['weights'];
  /** How many variants to keep ready; graphs are cheap to make, but not free. */
  readonly keep: number;
  /** The part of a shape that identifies a variant; absent: all of it. */
  readonly sizeOf?: (shape: Shape) => object;
}

/** One network of the model, ready for any variant: sessions are created on demand and the least recently used are released. */
export class Network<Shape extends object> {
  readonly #options: NetworkOptions<Shape>;
  readonly #sessions = new Map<string, { readonly session: Session; readonly size: string }>();

  constructor(options: NetworkOptions<Shape>) {
    this.#options = options;
  }

  /** The name by which a target selects its precision. */
  get part(): string {
    return this.#options.part;
  }

  async run(shape: Shape, feeds: Feeds, context: NetworkContext): Promise<Readonly<Record<string, Float32Array>>> {
    const session = await this.prepare(shape, context);
    return announcePass(context.hooks, this.#options.kind, () => session.run(feeds));
  }

  async prepare(shape: Shape, { target, hooks }: NetworkContext): Promise<Session> {
    const variant = variantOf(target, this.part, shape);
    const key = variantKey(variant);
    const known = this.#sessions.get(key);
    if (known) this.#sessions.delete(key); // re-inserted below: a Map keeps the order of insertion
    const size = variantKey({ ...variant, shape: this.#options.sizeOf?.(shape) ?? shape });
    const entry = known ?? { session: await this.#create(variant, size, hooks), size };
    this.#sessions.set(key, entry);
    return entry.session;
  }

  async release(): Promise<void> {
    const entries = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(entries.map(({ session }) => session.release()));
  }

  async #create({ device: name, precision, shape }: Variant<Shape>, size: string, hooks: RunHooks): Promise<Session> {
    for (const [key, oldest] of this.#sessions) {
      const sizes = new Set([...this.#sessions.values()].map((entry) => entry.size)).add(size);
      if (sizes.size <= this.#options.keep) break;
      if (oldest.size === size) continue;
      this.#sessions.delete(key);
      await oldest.session.release();
    }
    return announcePass(hooks, 'session', async () => {
      const { build, tensors, threads, weights } = this.#options;
      const int8 = precision === 'int8' ? await this.#int8() : undefined;
      const device = devices[name];
      const files = [...tensors.values()].map((tensor) => tensor.file);
      const folder = commonFolder([...files, ...(int8?.files ?? [])]);
      const graph = build(
        shape,
        int8 ? int8LayersOver(tensors, int8, device, folder) : layersOver(tensors, device, folder),
      );
      return createSession(graph.toBytes(), device, { weightFolder: folder, threads, weights });
    });
  }

  #int8(): Promise<Int8Weights> {
    const { int8 } = this.#options;
    if (int8) return int8();
    throw new EngineError('internal', `${this.part} does not support 8-bit weights`);
  }
}

/**
 * Binds graphs to the weights of a component.
 *
 * @param onProblem called for a missing or unusable tensor; the default throws
 */
export function layersOver(
  tensors: TensorTable,
  { operators }: Device,
  folder: string,
  onProblem?: (problem: EngineError) => void,
): LayersOf {
  return (graph) => new Layers(graph, new WeightBinder(graph, tensors, folder, operators, onProblem), operators);
}

/** The same with the matrix products in 8 bits. */
export function int8LayersOver(
  tensors: TensorTable,
  int8: Int8Weights,
  { operators }: Device,
  folder: string,
  onProblem?: (problem: EngineError) => void,
): LayersOf {
  return (graph) => {
    const weights = new WeightBinder(graph, tensors, folder, operators, onProblem);
    return new Int8Layers(graph, weights, operators, (matrix) => int8.bind(graph, matrix, folder));
  };
}
