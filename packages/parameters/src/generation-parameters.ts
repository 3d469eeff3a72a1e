import type { ParameterValues } from '@easel/contract/fields';

/**
 * What a picture was made with, as it is kept in the picture's file. See `formatParameters` and `parseParameters`. Most of it is in the
 * contract's table of fields; what is written and read in a way of its own is here.
 */
export interface GenerationParameters extends ParameterValues {
  readonly prompt: string;
  /** null or absent: none; `""`: the empty text, encoded. */
  readonly negativePrompt?: string | null;
  /** The seed of this very picture; null when it was made from given latents. */
  readonly seed: bigint | null;
  readonly width: number;
  readonly height: number;
  readonly model: string;
  readonly easelVersion: string;
  /** What it was computed in, where that was not float32. */
  readonly precision?: string;
}
