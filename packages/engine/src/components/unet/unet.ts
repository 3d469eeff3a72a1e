import { EngineError } from '../../errors.ts';
import type { PassContext } from '../../runtime/passes.ts';
import { resultKey, variantOf } from '../../runtime/variant.ts';
import type { Network, NetworkContext } from '../network.ts';
import { RecentCache } from '../recent-cache.ts';
import type { UNetConfig } from './config.ts';
import type { TextShape, UNetForm, UNetShape } from './graph.ts';

/** The text conditioning of the UNet. */
export interface TextStates {
  /** [77, X] */
  readonly context: Float32Array;
  /** [P]: the pooled text. */
  readonly pooled: Float32Array;
}

/** [original height, original width, crop top, crop left, target height, target width] */
export type TimeIds = readonly number[];

/** What one pass is conditioned on. */
export interface Conditioning {
  readonly text: TextStates;
  readonly timeIds: TimeIds;
  /** The scale of guidance, for networks that take it instead of a second pass; others ignore it. */
  readonly guidanceScale?: number;
}

/** The cross-attention of each layer of a pass, by name. */
export type CrossAttentionValues = Readonly<Record<string, Float32Array>>;

/** What a pass reuses from another pass, and what it returns for reuse. Absent parts: nothing is reused or returned. */
export interface PassReuse {
  /** Splits the network (see `UNetForm`), so that the pass returns the features between the halves. */
  readonly branch?: number;
  /** The features of another pass split at the same place: the deep half is skipped. */
  readonly features?: Float32Array;
  /** `told`, or the cross-attention of another pass. */
  readonly crossAttention?: 'told' | CrossAttentionValues;
}

export interface UNetPass {
  /** The raw network output F [4, h, w]. */
  readonly prediction: Float32Array;
  readonly features: Float32Array | undefined;
  /** Empty unless requested. */
  readonly crossAttention: CrossAttentionValues;
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** The keys and values of one text for the cross-attention of all layers. */
type TextProjections = Readonly<Record<string, Float32Array>>;

/** A run has a prompt and a negative prompt; at full size the projections of each take 55 MB. */
const KEPT_TEXTS = 2;

/** The network that is sampled: latents at a noise level → its prediction, for one sample. */
export class UNet {
  readonly config: UNetConfig;
  readonly #network: Network<UNetShape>;
  readonly #projector: Network<TextShape>;
  /** By text, then by variant. */
  readonly #projections = new RecentCache<Float32Array, Map<string, TextProjections>>(KEPT_TEXTS);

  constructor(config: UNetConfig, network: Network<UNetShape>, projector: Network<TextShape>) {
    this.config = config;
    this.#network = network;
    this.#projector = projector;
  }

  /**
   * Where the memory of a device is short, projects the texts of a run before its first pass and lets go of the projections' weights, which
   * take 0.7 GB at full size, so that the network has the device alone. Otherwise a pass projects its text when it needs it.
   */
  async projectFirst(texts: readonly TextStates[], context: PassContext): Promise<void> {
    if (!this.#network.isShort) return;
    for (const text of texts) await this.#projectText(text, context);
    await this.#projector.release();
  }

  /**
   * @param input [4, h, w], already scaled by c_in
   * @param timestep as the schedule gives it
   */
  async predict(
    input: Float32Array,
    timestep: number,
    size: Size,
    conditioning: Conditioning,
    context: PassContext,
    reuse: PassReuse = {},
  ): Promise<UNetPass> {
    const text = await this.#projectText(conditioning.text, context);
    const [shape, own] = this.#feeds(input, timestep, size, conditioning);
    const { branch, crossAttention } = reuse;
    const cross: UNetForm =
      crossAttention === undefined ? {} : { crossAttention: crossAttention === 'told' ? 'told' : 'given' };
    const feeds = { ...own, ...text, ...(crossAttention !== 'told' && crossAttention) };
    const run = async (half: UNetForm, more: CrossAttentionValues = {}) => {
      await context.beforePass();
      const variant = { ...shape, form: { ...half, ...cross } };
      return this.#network.attempt(() => this.#network.run(variant, { ...feeds, ...more }, context), context);
    };
    if (branch === undefined) return passOf(await run({}));
    const deep = reuse.features ? { features: reuse.features } : await run({ half: 'deep', branch });
    const shallow = await run({ half: 'shallow', branch }, { features: deep.features });
    return passOf({ ...deep, ...shallow });
  }

  /** @param split as passes will have it */
  async prepare(
    { height, width }: Size,
    tokens: number,
    context: NetworkContext,
    { branch }: Pick<PassReuse, 'branch'> = {},
  ): Promise<void> {
    await this.#projector.prepare({ batch: 1, tokens }, context);
    const forms: readonly UNetForm[] =
      branch === undefined ? [{}] : (['deep', 'shallow'] as const).map((half) => ({ half, branch }));
    for (const form of forms) await this.#network.prepare({ batch: 1, height, width, tokens, form }, context);
  }

  async release(): Promise<void> {
    this.#projections.clear();
    await this.releaseSessions();
  }

  /** The projections of texts are kept. */
  async releaseSessions(): Promise<void> {
    await this.#projector.release();
    await this.#network.release();
  }

  async #projectText({ context: states }: TextStates, context: PassContext): Promise<TextProjections> {
    const ofText = await this.#projections.get(states, async () => new Map());
    const key = resultKey(variantOf(context.target, this.#projector.part, {}));
    const feeds = ofText.get(key) ?? (await this.#runProjector(states, context));
    ofText.set(key, feeds);
    return feeds;
  }

  /** @param states [77, X] */
  async #runProjector(states: Float32Array, context: PassContext): Promise<TextProjections> {
    await context.beforePass();
    const dimension = this.config.crossAttentionDim;
    const tokens = states.length / dimension;
    const feeds = { context: { data: states, shape: [1, tokens, dimension] } };
    return this.#projector.attempt(() => this.#projector.run({ batch: 1, tokens }, feeds, context), context);
  }

  #feeds(input: Float32Array, timestep: number, { height, width }: Size, given: Conditioning) {
    const { inChannels, crossAttentionDim, blockOutChannels, additionTimeEmbedDim, guidanceEmbedDim } = this.config;
    const { text, timeIds, guidanceScale = 1 } = given;
    const tokens = text.context.length / crossAttentionDim;
    const time = sinusoid(timestep, blockOutChannels[0] ?? 0);
    const addition = additionVector(text.pooled, timeIds, additionTimeEmbedDim);
    const shape = { batch: 1, height, width, tokens };
    const feeds = {
      sample: { data: input, shape: [1, inChannels, height, width] },
      time: { data: time, shape: [1, time.length] },
      addition: { data: addition, shape: [1, addition.length] },
      ...(guidanceEmbedDim !== undefined && {
        guidance: { data: guidanceEmbedding(guidanceScale, guidanceEmbedDim), shape: [1, guidanceEmbedDim] },
      }),
    };
    return [shape, feeds] as const;
  }
}

function passOf({ prediction, features, ...crossAttention }: Readonly<Record<string, Float32Array>>): UNetPass {
  if (!prediction) throw new EngineError('internal', 'the UNet gave no prediction');
  return { prediction, features, crossAttention };
}

/** [P + 6·D]: the pooled text, then the sinusoid of each id. */
export function additionVector(pooled: Float32Array, ids: TimeIds, dimension: number): Float32Array {
  const vector = new Float32Array(pooled.length + ids.length * dimension);
  vector.set(pooled);
  ids.forEach((id, index) => {
    vector.set(sinusoid(id, dimension), pooled.length + index * dimension);
  });
  return vector;
}

const LN_10000 = Math.fround(Math.log(10_000));

/**
 * The sinusoidal embedding of a scalar (Ho et al. 2020), cosines first: [cos(v·f₀)…, sin(v·f₀)…], f_i = 10000^(−i/half).
 * Rounded to float32 where the reference rounds: for sizes of a thousand pixels the angle's rounding is visible.
 */
export function sinusoid(value: number, dimension: number): Float32Array {
  const half = dimension / 2;
  const embedding = new Float32Array(dimension);
  for (let i = 0; i < half; i++) {
    const exponent = Math.fround(Math.fround(-LN_10000 * i) / half);
    const angle = Math.fround(Math.fround(value) * Math.fround(Math.exp(exponent)));
    embedding[i] = Math.cos(angle);
    embedding[half + i] = Math.sin(angle);
  }
  return embedding;
}

/** The embedding of w = scale − 1 (Meng et al. 2023, "On Distillation of Guided Diffusion Models"), sines first, of 1000·w, rounded as in the reference. */
export function guidanceEmbedding(scale: number, dimension: number): Float32Array {
  const half = Math.floor(dimension / 2);
  const rate = Math.log(10_000) / (half - 1);
  const w = Math.fround(Math.fround(scale - 1) * 1000);
  const embedding = new Float32Array(dimension);
  for (let i = 0; i < half; i++) {
    const angle = Math.fround(w * Math.fround(Math.exp(Math.fround(i * -Math.fround(rate)))));
    embedding[i] = Math.sin(angle);
    embedding[half + i] = Math.cos(angle);
  }
  return embedding;
}
