import type { RunHooks } from './run-hooks.ts';
import type { TextEncoder } from './text-encoder.ts';
import { concatFeatures, type TextStates, zeroStates } from './text-states.ts';

/** The texts for the two encoders. */
export interface PromptPair {
  readonly first: string;
  readonly second: string;
}

/** Both encoders together: a pair of texts → what the UNet is told. */
export class PromptEncoder {
  readonly encoders: readonly [TextEncoder, TextEncoder];

  constructor(encoders: readonly [TextEncoder, TextEncoder]) {
    this.encoders = encoders;
  }

  /** context [77, C₁ + C₂], pooled [P] of the second encoder. */
  async encode(prompt: PromptPair, hooks: RunHooks): Promise<TextStates> {
    const first = await this.encoders[0].encode(prompt.first, hooks);
    const second = await this.encoders[1].encode(prompt.second, hooks);
    return { context: concatFeatures(first.hidden, second.hidden, this.encoders[0].positions), pooled: second.pooled };
  }

  /** `null`: no negative prompt, which is zeros, not an encoded empty text. */
  async encodeNegative(negative: PromptPair | null, like: TextStates, hooks: RunHooks): Promise<TextStates> {
    return negative === null ? zeroStates(like) : this.encode(negative, hooks);
  }
}
