import type { ParameterValues } from '@easel/contract/fields';
import type { PictureLora } from './prompt-lines.ts';

/**
 * A picture's generation parameters, as stored in its file. See `formatParameters` and `parseParameters`. Most of them are in the
 * contract's table of fields; those with their own syntax are here.
 */
export interface GenerationParameters extends ParameterValues {
  readonly prompt: string;
  /** null or absent: none; `""`: the empty text, encoded. */
  readonly negativePrompt?: string | null;
  /** The seed of this picture; null when it was made from given latents. */
  readonly seed: bigint | null;
  readonly width: number;
  readonly height: number;
  readonly model: string;
  readonly easelVersion: string;
  readonly loras?: readonly PictureLora[];
}
