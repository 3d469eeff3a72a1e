import type { OptionValues } from '@easel/contract/fields';
import type { PixelSize } from '../arguments/size-argument.ts';
import type { formatNames } from '../output/picture-format.ts';

/** The options of `easel generate` that say what picture to make, as the command line gives them. */
export interface RequestFlags extends Omit<OptionValues, 'samples' | 'format'> {
  readonly samples: number;
  readonly size?: PixelSize;
}

/** All the options of `easel generate`. */
export interface GenerateFlags extends RequestFlags {
  readonly promptFile?: string;
  /** Each line of the prompt file, or of standard input, is a prompt of its own. */
  readonly eachLine?: boolean;
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly modelConfig?: string;
  readonly variant?: 'fp16' | 'fp32';
  readonly threads?: number;
  readonly output?: string;
  readonly format?: (typeof formatNames)[number];
  readonly overwrite?: boolean;
  readonly metadata: boolean;
  readonly preview?: boolean;
  readonly show: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}
