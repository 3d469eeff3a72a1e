import type { JobCreate } from '@easel/contract';
import { CliError } from '../cli-error.ts';
import type { PictureFormat } from '../output/picture-format.ts';
import type { GenerateFlags } from './generate-flags.ts';

/** What the API of a server has no field for. */
const localOnly = {
  negativePrompt2: '--negative-prompt-2',
  sigmaSchedule: '--sigma-schedule',
  solverOrder: '--solver-order',
  solverType: '--solver-type',
  generator: '--generator',
  originalSize: '--original-size',
  crop: '--crop',
  targetSize: '--target-size',
  negativeOriginalSize: '--negative-original-size',
  negativeCrop: '--negative-crop',
  negativeTargetSize: '--negative-target-size',
  modelConfig: '--model-config',
  variant: '--variant',
  threads: '--threads',
} as const satisfies Partial<Record<keyof GenerateFlags, string>>;

/** @throws CliError `usage` for an option that would do nothing with a server */
export function checkRemoteFlags(flags: GenerateFlags): void {
  for (const [name, option] of Object.entries(localOnly)) {
    if (name in flags) throw new CliError('usage', `${option} cannot be used with --server; leave one of them out`);
  }
}

/** What the fields of a job are called on the command line; `prompt` has no option. */
const optionOf: Readonly<Record<string, string>> = {
  prompt: 'the prompt',
  img_width: '--width',
  img_height: '--height',
  num_inference_steps: '--steps',
  image_format: '--format',
};

/** A server's message about a field, in the terms of the command line: `img_width must be …` is about --width. */
export function withOptionNames(message: string, field: string): string {
  if (!message.startsWith(`${field} `)) return message;
  const option = optionOf[field] ?? `--${field.replaceAll('_', '-')}`;
  return `${option}${message.slice(field.length)}`;
}

export interface JobParts {
  readonly prompt: string;
  readonly flags: GenerateFlags;
  readonly seed: number;
  readonly format: PictureFormat;
  /** The picture to start from, base64 of its file. */
  readonly image: string | undefined;
  readonly preview: boolean;
}

/** The job for the options: what is absent stays absent, so that the server's defaults apply. */
export function buildJob({ prompt, flags, seed, format, image, preview }: JobParts): JobCreate {
  const { width, height } = flags.size ?? flags;
  return {
    prompt,
    samples: flags.samples,
    seed,
    image_format: format,
    preview,
    embed_parameters: flags.metadata,
    ...(flags.model !== undefined && { model: flags.model }),
    ...(flags.prompt2 !== undefined && { prompt_2: flags.prompt2 }),
    ...(flags.negativePrompt !== undefined && { negative_prompt: flags.negativePrompt }),
    ...(flags.steps !== undefined && { num_inference_steps: flags.steps }),
    ...(flags.guidanceScale !== undefined && { guidance_scale: flags.guidanceScale }),
    ...(flags.guidanceRescale !== undefined && { guidance_rescale: flags.guidanceRescale }),
    ...(flags.scheduler !== undefined && { scheduler: flags.scheduler }),
    ...(flags.quality !== undefined && { quality: flags.quality }),
    ...(width !== undefined && { img_width: width }),
    ...(height !== undefined && { img_height: height }),
    ...(image !== undefined && { image }),
    ...(flags.strength !== undefined && { strength: flags.strength }),
  };
}
