import { EngineError } from '../../errors.ts';
import { variantKey, variantOf } from '../../runtime/variant.ts';
import type { ClipTokenizer } from '../../tokenizer/clip-tokenizer.ts';
import type { Network, NetworkContext } from '../network.ts';
import { RecentCache } from '../recent-cache.ts';
import type { ClipConfig } from './graph.ts';

export interface TextEncoding {
  /** [77, C] */
  readonly hidden: Float32Array;
  /** [P]; empty for the encoder without a projection. */
  readonly pooled: Float32Array;
}

/** Texts recur (the same negative prompt, the next seed), and encoding one is a pass over up to 1.4 GB of weights. */
const REMEMBERED_TEXTS = 32;

/** A tokenizer and its encoder. */
export class ClipEncoder {
  readonly tokenizer: ClipTokenizer;
  readonly #config: ClipConfig;
  readonly #network: Network<Record<string, never>>;
  readonly #texts = new RecentCache<string, TextEncoding>(REMEMBERED_TEXTS);

  constructor(tokenizer: ClipTokenizer, config: ClipConfig, network: Network<Record<string, never>>) {
    this.tokenizer = tokenizer;
    this.#config = config;
    this.#network = network;
  }

  /** Length of the sequence, markers and padding included: 77. */
  get positions(): number {
    return this.#config.positions;
  }

  encode(text: string, context: NetworkContext): Promise<TextEncoding> {
    const key = variantKey(variantOf(context.target, this.#network.part, { text }));
    return this.#texts.get(key, () => this.#run(text, context));
  }

  prepare(context: NetworkContext): Promise<unknown> {
    return this.#network.prepare({}, context);
  }

  release(): Promise<void> {
    this.#texts.clear();
    return this.#network.release();
  }

  async #run(text: string, context: NetworkContext): Promise<TextEncoding> {
    const { ids } = this.tokenizer.encode(text);
    const feeds = { ids: { data: BigInt64Array.from(ids, BigInt), shape: [ids.length] } };
    const end = { data: BigInt64Array.of(BigInt(pooledPosition(ids))), shape: [1] };
    const hasProjection = this.#config.projectionDim !== undefined;
    const outputs = await this.#network.run({}, hasProjection ? { ...feeds, end } : feeds, context);
    const { hidden, pooled = new Float32Array() } = outputs;
    if (!hidden) throw new EngineError('internal', 'the text encoder gave no hidden states');
    return { hidden, pooled };
  }
}

/** The first maximum of the ids: the end marker, since it is the last id of the vocabulary. */
export function pooledPosition(ids: Int32Array): number {
  return ids.indexOf(ids.reduce((highest, id) => Math.max(highest, id)));
}
