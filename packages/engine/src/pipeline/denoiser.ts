import type { Conditioning, CrossAttentionValues, PassReuse, UNet, UNetPass } from '../components/unet/unet.ts';
import type { PassCounts } from '../profiles.ts';
import type { PassContext } from '../runtime/passes.ts';
import { denoisedFrom, networkInput, type Parameterisation } from '../sampling/parameterisations.ts';
import type { Denoise } from '../sampling/samplers/sampler.ts';
import { parameterisationOf, type Schedule } from '../sampling/sampling.ts';
import { reuseSteps } from '../sampling/step-reuse.ts';
import { type AccelerationPlan, noPasses } from './acceleration.ts';
import { type Guidance, type Prediction, predictGuided } from './guidance.ts';

export interface DenoiserOptions {
  readonly unet: UNet;
  readonly schedule: Schedule;
  /** In latent pixels. */
  readonly size: { readonly height: number; readonly width: number };
  readonly guidance: Guidance;
  /** Channels that a UNet for inpainting takes after the latents, [5·h·w]; they are not scaled. */
  readonly surroundings?: Float32Array | undefined;
  readonly acceleration: AccelerationPlan;
  readonly context: PassContext;
  readonly onPrediction: (event: { index: number; input: Float32Array; prediction: Prediction }) => void;
}

/** What samplers call: the network with its parameterisation and guidance, for one sample, in as few passes as the request allows. */
export class Denoiser {
  readonly denoise: Denoise;
  readonly #options: DenoiserOptions;
  readonly #parameterisation: Parameterisation;
  /** From the last pass that computed them, with the number of passes since, for each half of guidance. */
  readonly #features = new Map<Conditioning, { readonly values: Float32Array; readonly age: number }>();
  #crossAttention: CrossAttentionValues | undefined;
  #passes: PassCounts = noPasses;
  /** Whether the last pass ran only the shallow half. */
  #isShallow = false;

  constructor(options: DenoiserOptions) {
    this.#options = options;
    this.#parameterisation = parameterisationOf(options.schedule.config);
    const ask: Denoise = (x, sigma, index) => this.#ask(x, sigma, index);
    this.denoise = reuseSteps(ask, {
      threshold: options.acceleration.reuseThreshold,
      comparisonGroupOf: (index, sigma) => this.#isGuided(index, sigma),
      isLastAnswerComparable: () => !this.#isShallow,
      onReuse: () => this.#countExact(),
    });
  }

  get passes(): PassCounts {
    return this.#passes;
  }

  async #ask(x: Float32Array, sigma: number, index: number): Promise<Float32Array> {
    const { schedule, acceleration, guidance, onPrediction } = this.#options;
    const coefficients = this.#parameterisation(sigma);
    const latents = networkInput(x, coefficients);
    const { surroundings } = this.#options;
    const input = surroundings ? join(latents, surroundings) : latents;
    const isGuided = this.#isGuided(index, sigma);
    const isTold = !this.#crossAttention && index >= acceleration.crossAttentionEnd - 1;
    const told: CrossAttentionValues[] = [];
    const pass = async (conditioning: Conditioning) => {
      const result = await this.#pass(input, schedule.timesteps[index], conditioning, isTold);
      if (isTold) told.push(result.crossAttention);
      return result.prediction;
    };
    const prediction = await predictGuided(pass, { ...guidance, negative: isGuided ? guidance.negative : undefined });
    if (isTold) this.#crossAttention = meanOf(told);
    this.#countExact();
    onPrediction({ index, input, prediction });
    return denoisedFrom(x, prediction.guided, coefficients);
  }

  #isGuided(index: number, sigma: number): boolean {
    return this.#options.acceleration.isGuided(index, sigma) && !this.#crossAttention;
  }

  async #pass(input: Float32Array, timestep: number, conditioning: Conditioning, isTold: boolean): Promise<UNetPass> {
    const { unet, size, context, acceleration } = this.#options;
    const { cacheInterval, cacheBranch } = acceleration;
    const run = (reuse: PassReuse) => unet.predict(input, timestep, size, conditioning, context, reuse);
    const whole = this.#crossAttention ? 'gated' : 'full';
    const crossAttention = isTold ? 'told' : this.#crossAttention;
    const cross: PassReuse = crossAttention === undefined ? {} : { crossAttention };
    if (cacheInterval === 1) {
      this.#count(whole);
      return run(cross);
    }
    const kept = this.#features.get(conditioning);
    const isShallow = kept !== undefined && kept.age < cacheInterval && !isTold;
    this.#isShallow = isShallow;
    this.#count(isShallow ? 'shallow' : whole);
    const split: PassReuse = { ...cross, branch: cacheBranch };
    const pass = await run(isShallow ? { ...split, features: kept.values } : split);
    if (pass.features) this.#features.set(conditioning, { values: pass.features, age: isShallow ? kept.age + 1 : 1 });
    return pass;
  }

  #countExact(): void {
    this.#count('exact', this.#options.guidance.negative ? 2 : 1);
  }

  #count(kind: keyof PassCounts, passes = 1): void {
    this.#passes = { ...this.#passes, [kind]: this.#passes[kind] + passes };
  }
}

/** Channels after channels. */
export function join(first: Float32Array, second: Float32Array): Float32Array {
  const joined = new Float32Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** The mean of both halves of guidance, element by element; that of one is itself. */
function meanOf([first = {}, second]: readonly CrossAttentionValues[]): CrossAttentionValues {
  if (!second) return first;
  const means = Object.entries(first).map(([name, a]) => {
    const b = second[name];
    return [name, a.map((value, i) => (value + b[i]) / 2)] as const;
  });
  return Object.fromEntries(means);
}
