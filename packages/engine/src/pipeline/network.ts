import type { BoundGraph, WeightsOf } from '../graphs/bound-graph.ts';
import { WeightBinder } from '../graphs/weight-binder.ts';
import { createSession, type Session, type TensorValue } from '../runtime/session.ts';
import type { SessionProfile } from '../runtime/session-options.ts';
import { commonFolder } from '../runtime/weight-folder.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import type { PassKind, RunHooks } from './run-hooks.ts';

export interface NetworkOptions<Shape> {
  readonly kind: PassKind;
  readonly tensors: TensorTable;
  readonly build: (shape: Shape, weightsOf: WeightsOf) => BoundGraph;
  readonly threads: number;
  readonly weights: SessionProfile['weights'];
  /** How many shapes to keep ready; graphs are cheap to make, but not free. */
  readonly keep: number;
}

/** One network of the model, ready for any shape: sessions are made on demand and the least recently used let go. */
export class Network<Shape extends object> {
  readonly #options: NetworkOptions<Shape>;
  readonly #folder: string;
  readonly #sessions = new Map<string, Session>();

  constructor(options: NetworkOptions<Shape>) {
    this.#options = options;
    this.#folder = commonFolder([...options.tensors.values()].map((tensor) => tensor.file));
  }

  async run(
    shape: Shape,
    feeds: Readonly<Record<string, TensorValue>>,
    hooks: RunHooks,
  ): Promise<Readonly<Record<string, Float32Array>>> {
    const session = await this.prepare(shape, hooks);
    return announced(hooks, this.#options.kind, () => session.run(feeds));
  }

  async prepare(shape: Shape, hooks: RunHooks): Promise<Session> {
    const key = JSON.stringify(shape);
    const known = this.#sessions.get(key);
    if (known) this.#sessions.delete(key); // re-inserted below: a Map keeps the order of insertion
    const session = known ?? (await this.#create(shape, hooks));
    this.#sessions.set(key, session);
    return session;
  }

  async release(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  async #create(shape: Shape, hooks: RunHooks): Promise<Session> {
    for (const [key, oldest] of this.#sessions) {
      if (this.#sessions.size < this.#options.keep) break;
      this.#sessions.delete(key);
      await oldest.release();
    }
    return announced(hooks, 'session', () => {
      const { tensors, threads, weights } = this.#options;
      const graph = this.#options.build(shape, (builder) => new WeightBinder(builder, tensors, this.#folder));
      return createSession(graph.toBytes(), { weightFolder: this.#folder, threads, weights });
    });
  }
}

async function announced<T>(hooks: RunHooks, kind: PassKind, pass: () => Promise<T>): Promise<T> {
  hooks.onPass?.({ kind, phase: 'start' });
  try {
    return await pass();
  } finally {
    hooks.onPass?.({ kind, phase: 'end' });
  }
}
