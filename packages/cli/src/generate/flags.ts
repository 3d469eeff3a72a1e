import { type ArithmeticName, type DeviceName, type OptionValues, SEED_RANDOM } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { Margins, ModelFilesFlags, PixelSize } from '../options.ts';
import { formatFor, type formatNames, formatOfName } from '../output/plan.ts';
import type { AlternativeMode } from './alternatives.ts';

/** The options of `easel generate` that describe the picture, as the command line gives them. */
export interface RequestFlags extends Omit<OptionValues, 'samples' | 'format'> {
  readonly samples: number;
  readonly size?: PixelSize;
  /** More space around the start image, which is painted. */
  readonly outpaint?: Margins;
  /** What enlarges the pictures: the file of a network, or on a server `model` or `network`. */
  readonly upscaler?: string;
}

/** All the options of `easel generate`. */
export interface GenerateFlags extends RequestFlags, ModelFilesFlags {
  readonly promptFile?: string;
  /** Each line of the prompt file, or of standard input, is one prompt. */
  readonly eachLine?: boolean;
  /** How `{a|b}` in the prompt is read; absent: as text. */
  readonly alternatives?: AlternativeMode;
  /** Prompts are typed one after another. */
  readonly interactive?: boolean;
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly int8File?: string;
  readonly threads?: number;
  readonly device?: 'auto' | DeviceName;
  readonly arithmetic?: ArithmeticName;
  readonly memory?: string;
  readonly textCache?: 'on' | 'off';
  /** The file or folder of a tiny decoder. */
  readonly taesd?: string;
  /** Use LoRAs although they are marked as made for the other of Playground v2.5 and SDXL. */
  readonly loraAnyBase?: boolean;
  readonly output?: string;
  readonly format?: (typeof formatNames)[number];
  readonly overwrite?: boolean;
  readonly metadata: boolean;
  readonly preview?: boolean;
  readonly show: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** As it is typed: `--int8-file` for `int8File`. */
export function optionOf(name: keyof GenerateFlags): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Whether each prompt, with the pictures of it, is one of several. */
export function hasManyPrompts({ eachLine, alternatives, interactive }: GenerateFlags): boolean {
  return eachLine === true || interactive === true || alternatives !== undefined;
}

/** Whether a network enlarges a picture here and nothing is drawn, so that no model is needed. */
export function isEnlargedAlone({ server, image, upscale, upscaler, strength = 0 }: GenerateFlags): boolean {
  const hasNetwork = upscaler !== undefined && upscaler !== 'model';
  return server === undefined && image !== undefined && upscale !== undefined && hasNetwork && strength === 0;
}

/** Refuses options that contradict each other or would have no effect. @throws CodedError `usage` */
export function checkCombinations(flags: GenerateFlags): void {
  for (const [refused, message, remedy] of contradictions(flags))
    if (refused) throw new CodedError('usage', message, { remedy });
}

function contradictions(flags: GenerateFlags): [refused: boolean, message: string, remedy: string][] {
  const hasSide = flags.width !== undefined || flags.height !== undefined;
  const hasNegativeCondition = [flags.negativeOriginalSize, flags.negativeTargetSize, flags.negativeCrop].some(
    (value) => value !== undefined,
  );
  const hasNegativeSizes = flags.negativeOriginalSize !== undefined && flags.negativeTargetSize !== undefined;
  return [
    [
      flags.apiKeyFile !== undefined && flags.server === undefined,
      '--api-key-file needs --server',
      'add --server or leave --api-key-file out',
    ],
    [
      flags.arithmetic === 'float16' && (flags.profile === 'int8' || flags.device === 'cpu'),
      `--arithmetic float16 needs a graphics card, but ${flags.device === 'cpu' ? '--device is cpu' : '--profile int8 runs on the CPU only'}`,
      'leave one of them out',
    ],
    [
      flags.int8File !== undefined && (flags.profile ?? 'exact') === 'exact',
      '--int8-file needs --profile int8 or --profile fast',
      'add one of them or leave --int8-file out',
    ],
    [flags.size !== undefined && hasSide, '--size sets both sides', 'use either --size or --width and --height'],
    [
      flags.image !== undefined && (flags.width === undefined) !== (flags.height === undefined),
      'with --image, only one of --width and --height was given',
      'give both (or --size), or neither to use the size of the model nearest in shape',
    ],
    [
      flags.strength !== undefined && flags.image === undefined,
      '--strength needs --image',
      'add --image or leave --strength out',
    ],
    ...variationContradictions(flags),
    ...maskContradictions(flags),
    ...upscaleContradictions(flags, hasSide || flags.size !== undefined),
    ...solverContradictions(flags),
    [
      hasNegativeCondition && !hasNegativeSizes,
      'negative micro-conditioning needs both --negative-original-size and --negative-target-size',
      'give both, or none of its options: it then equals the positive one',
    ],
    [
      flags.negativePrompt2 !== undefined && flags.negativePrompt === undefined,
      '--negative-prompt-2 needs --negative-prompt',
      'add --negative-prompt, which may be ""',
    ],
    [
      flags.quality !== undefined &&
        formatFor(outputFile(flags.output), flags.format && formatOfName(flags.format)) === 'png',
      '--quality applies to jpeg and webp, but the picture would be a png, which is lossless',
      'add --format jpeg or leave --quality out',
    ],
  ];
}

/** The model's own sampler is not known here. */
function solverContradictions({
  scheduler,
  solverOrder,
  solverType,
}: GenerateFlags): [refused: boolean, message: string, remedy: string][] {
  return [
    [
      scheduler !== undefined && solverOrder !== undefined && !/dpmpp_2m|unipc/.test(scheduler),
      `--solver-order has no effect with ${scheduler}`,
      'leave it out or use --scheduler edm_dpmpp_2m, dpmpp_2m or unipc',
    ],
    [
      scheduler !== undefined && solverType !== undefined && !/dpmpp_2m/.test(scheduler),
      `--solver-type has no effect with ${scheduler}`,
      'leave it out or use --scheduler edm_dpmpp_2m or dpmpp_2m',
    ],
  ];
}

function variationContradictions({
  variationStrength = 0,
  variationSeed,
  seed,
  generator,
  alternatives,
  image,
  upscale,
}: GenerateFlags): [refused: boolean, message: string, remedy: string][] {
  const isVaried = variationStrength > 0;
  const has = (option: string) => `--variation-strength cannot be used with ${option}`;
  return [
    [
      variationSeed !== undefined && !isVaried,
      '--variation-seed needs --variation-strength above 0',
      'add it or leave --variation-seed out',
    ],
    [
      isVaried && (seed === undefined || seed === SEED_RANDOM),
      '--variation-strength needs --seed, that of the picture to vary',
      'add --seed',
    ],
    [isVaried && generator === 'shared', has('--generator shared'), 'leave one of them out'],
    [isVaried && alternatives === 'random', has('--alternatives random'), 'use --alternatives all'],
    [
      isVaried && image !== undefined && upscale !== undefined,
      has('--image and --upscale'),
      'vary the picture first, then enlarge the result',
    ],
  ];
}

function maskContradictions({
  image,
  mask,
  outpaint,
  maskPadding,
  maskBlur,
}: GenerateFlags): [refused: boolean, message: string, remedy: string][] {
  const hasMask = mask !== undefined || outpaint !== undefined;
  const [option] = [mask !== undefined && '--mask', outpaint !== undefined && '--outpaint'].filter(Boolean);
  const [idle] = [maskPadding !== undefined && '--mask-padding', maskBlur !== undefined && '--mask-blur'].filter(
    Boolean,
  );
  return [
    [hasMask && image === undefined, `${option} needs --image`, `add --image or leave ${option} out`],
    [
      mask !== undefined && outpaint !== undefined,
      '--outpaint makes a mask of its own',
      'leave --mask or --outpaint out',
    ],
    [Boolean(idle) && !hasMask, `${idle} needs --mask or --outpaint`, `add one of them or leave ${idle} out`],
  ];
}

function upscaleContradictions(
  flags: GenerateFlags,
  hasSize: boolean,
): [refused: boolean, message: string, remedy: string][] {
  const { upscale, upscaler, image, mask, outpaint, strength, samples } = flags;
  const isSet = upscale !== undefined;
  // On a server its own network may be the usual one: it decides.
  const isUnchanged = strength === 0 || (strength === undefined && upscaler !== undefined && upscaler !== 'model');
  const how = strength === undefined ? 'by a network alone' : 'with --strength 0';
  return [
    [upscaler !== undefined && !isSet, '--upscaler needs --upscale', 'add --upscale 2 or 4, or leave --upscaler out'],
    [
      isSet && (mask !== undefined || outpaint !== undefined),
      '--upscale cannot be used with --mask or --outpaint',
      'make that picture first, then enlarge it with easel upscale',
    ],
    [
      isSet && image !== undefined && hasSize,
      'with --upscale, --image is enlarged as it is and takes no size',
      'leave the size out',
    ],
    [
      isSet && image !== undefined && isUnchanged && samples > 1,
      `--samples must be 1 where --image is enlarged ${how}: all pictures would be the same`,
      `leave --samples out, or ${strength === undefined ? 'add --strength' : 'use a higher --strength'}`,
    ],
    [
      isEnlargedAlone(flags) && (flags.eachLine === true || flags.alternatives !== undefined),
      'a picture that only a network enlarges has no prompt',
      `leave ${flags.eachLine === true ? '--each-line' : '--alternatives'} out, or add --strength`,
    ],
    ...optionsOfModel.map((name): [boolean, string, string] => [
      isEnlargedAlone(flags) && flags[name] !== undefined,
      `${optionOf(name)} has no effect where a network alone enlarges the picture`,
      `leave ${optionOf(name)} out, or add --strength to repaint the picture with the model`,
    ]),
  ];
}

/** What the networks of a model are, and how they run. */
const optionsOfModel = ['profile', 'int8File', 'taesd', 'unet', 'vae'] as const;

/** A folder does not decide the format, whatever its name ends in. */
function outputFile(output: string | undefined): string | undefined {
  return output === undefined || output === '-' || /[/\\]$/.test(output) ? undefined : output;
}
