import { EngineError } from '../../errors.ts';
import { resultKey, variantOf } from '../../runtime/variant.ts';
import type { ClipChunk, ClipTokenizer } from '../../tokenizer/clip-tokenizer.ts';
import type { Network, NetworkContext } from '../network.ts';
import { RecentCache } from '../recent-cache.ts';
import type { ClipConfig } from './graph.ts';

export interface TextEncoding {
  /** [77, C] */
  readonly hidden: Float32Array;
  /** [P]; empty for the encoder without a projection. */
  readonly pooled: Float32Array;
}

/** Where encoded texts outlive the process. */
export interface TextStore {
  get(key: string): Promise<TextEncoding | undefined>;
  put(key: string, encoding: TextEncoding): Promise<void>;
}

/** What is encoded in one pass. */
export type EncoderChunk = Pick<ClipChunk, 'ids' | 'weights'>;

/** Texts recur (the same negative prompt, the next seed), and encoding one is a pass over up to 1.4 GB of weights. */
const REMEMBERED_TEXTS = 32;

/** A tokenizer and its encoder. */
export class ClipEncoder {
  readonly tokenizer: ClipTokenizer;
  readonly #config: ClipConfig;
  readonly #network: Network<Record<string, never>>;
  readonly #texts = new RecentCache<string, TextEncoding>(REMEMBERED_TEXTS);
  readonly #store: TextStore | undefined;

  constructor(
    tokenizer: ClipTokenizer,
    config: ClipConfig,
    network: Network<Record<string, never>>,
    store?: TextStore,
  ) {
    this.tokenizer = tokenizer;
    this.#config = config;
    this.#network = network;
    this.#store = store;
  }

  /** Length of the sequence, markers and padding included: 77. */
  get positions(): number {
    return this.#config.positions;
  }

  /** A chunk with weights: see `weigh`. */
  async encode({ ids, weights }: EncoderChunk, context: NetworkContext): Promise<TextEncoding> {
    const encoding = await this.#encodeIds(ids, context);
    if (!weights) return encoding;
    const empty = await this.#encodeIds(this.tokenizer.encode('').ids, context);
    return { ...encoding, hidden: weigh(encoding.hidden, empty.hidden, weights) };
  }

  prepare(context: NetworkContext): Promise<unknown> {
    return this.#network.prepare({}, context);
  }

  /** Texts that have been encoded are kept. */
  releaseSessions(): Promise<void> {
    return this.#network.release();
  }

  release(): Promise<void> {
    this.#texts.clear();
    return this.#network.release();
  }

  #encodeIds(ids: Int32Array, context: NetworkContext): Promise<TextEncoding> {
    const key = resultKey(variantOf(context.target, this.#network.part, { ids: [...ids] }));
    return this.#texts.get(key, () => this.#stored(ids, context));
  }

  async #stored(ids: Int32Array, context: NetworkContext): Promise<TextEncoding> {
    if (!this.#store) return this.#run(ids, context);
    const key = `${await this.#network.fingerprint({}, context.target)} ${ids}`;
    const known = await this.#store.get(key);
    if (known) return known;
    const encoding = await this.#run(ids, context);
    await this.#store.put(key, encoding);
    return encoding;
  }

  async #run(ids: Int32Array, context: NetworkContext): Promise<TextEncoding> {
    const feeds = { ids: { data: BigInt64Array.from(ids, BigInt), shape: [ids.length] } };
    const end = { data: BigInt64Array.of(BigInt(pooledPosition(ids))), shape: [1] };
    const hasProjection = this.#config.projectionDim !== undefined;
    const run = () => this.#network.run({}, hasProjection ? { ...feeds, end } : feeds, context);
    const outputs = await this.#network.attempt(run, context);
    const { hidden, pooled = new Float32Array() } = outputs;
    if (!hidden) throw new EngineError('internal', 'the text encoder gave no hidden states');
    return { hidden, pooled };
  }
}

/** The first maximum of the ids: the end marker, since it is the last id of the vocabulary. */
export function pooledPosition(ids: Int32Array): number {
  return ids.indexOf(ids.reduce((highest, id) => Math.max(highest, id)));
}

/**
 * Weights as compel and ComfyUI apply them: each token's state moves from that of the empty text, at the same position, by its weight. At 0 it
 * is that of the empty text. The pooled output has no weights there either.
 *
 * @param hidden [S, C] @param empty [S, C] @param weights [S]
 */
export function weigh(hidden: Float32Array, empty: Float32Array, weights: Float32Array): Float32Array {
  const width = hidden.length / weights.length;
  const weighted = hidden.slice();
  for (const [row, weight] of weights.entries()) {
    if (weight === 1) continue;
    for (let at = row * width; at < (row + 1) * width; at++) {
      weighted[at] = empty[at] + Math.fround(Math.fround(hidden[at] - empty[at]) * weight);
    }
  }
  return weighted;
}
