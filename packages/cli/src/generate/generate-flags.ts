import type { SchedulerName } from '@easel/engine';
import type { PixelPoint, PixelSize } from '../arguments/size-argument.ts';
import type { formatNames } from '../output/picture-format.ts';

/** The options of `easel generate` that say what picture to make, as the command line gives them. */
export interface RequestFlags {
  readonly prompt2?: string;
  readonly negativePrompt?: string;
  readonly negativePrompt2?: string;
  readonly samples: number;
  readonly steps?: number;
  readonly guidanceScale?: number;
  readonly guidanceRescale?: number;
  /** −1 or absent: drawn at random. */
  readonly seed?: number;
  readonly width?: number;
  readonly height?: number;
  readonly size?: PixelSize;
  readonly scheduler?: SchedulerName;
  readonly sigmaSchedule?: 'karras' | 'exponential';
  readonly solverOrder?: 1 | 2 | 3;
  readonly solverType?: 'midpoint' | 'heun';
  readonly generator?: 'per-sample' | 'shared';
  readonly originalSize?: PixelSize;
  readonly crop?: PixelPoint;
  readonly targetSize?: PixelSize;
  readonly negativeOriginalSize?: PixelSize;
  readonly negativeCrop?: PixelPoint;
  readonly negativeTargetSize?: PixelSize;
  /** The file to start from. */
  readonly image?: string;
  readonly strength?: number;
}

/** All the options of `easel generate`. */
export interface GenerateFlags extends RequestFlags {
  readonly promptFile?: string;
  /** Each line of the prompt file, or of standard input, is a prompt of its own. */
  readonly eachLine?: boolean;
  /** Without a server a name or path, `demo` unless given; of a server one of its models, its default one unless given. */
  readonly model?: string;
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly modelConfig?: string;
  readonly variant?: 'fp16' | 'fp32';
  readonly threads?: number;
  readonly output?: string;
  readonly format?: (typeof formatNames)[number];
  readonly quality?: number;
  readonly overwrite?: boolean;
  readonly metadata: boolean;
  readonly preview?: boolean;
  readonly show: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}
