import { CodedError } from '@easel/errors';
import { formatFor, formatOfName } from '../output/picture-format.ts';
import type { GenerateFlags } from './generate-flags.ts';

/** Refuses options that contradict each other or would silently do nothing. */
export function checkCombinations(flags: GenerateFlags): void {
  for (const [refused, message] of contradictions(flags)) if (refused) throw new CodedError('usage', message);
}

function contradictions(flags: GenerateFlags): [boolean, string][] {
  const hasSide = flags.width !== undefined || flags.height !== undefined;
  const hasNegativeCondition = [flags.negativeOriginalSize, flags.negativeTargetSize, flags.negativeCrop].some(
    (value) => value !== undefined,
  );
  const hasNegativeSizes = flags.negativeOriginalSize !== undefined && flags.negativeTargetSize !== undefined;
  const hasSolver = flags.solverOrder !== undefined || flags.solverType !== undefined;
  return [
    [
      flags.apiKeyFile !== undefined && flags.server === undefined,
      '--api-key-file is the key for --server, which is missing',
    ],
    [flags.size !== undefined && hasSide, '--size is both sides at once; leave out either it or --width and --height'],
    [
      flags.image !== undefined && (flags.width === undefined) !== (flags.height === undefined),
      'with --image, give both --width and --height (or --size), or neither: the size is then the one of the model nearest in shape',
    ],
    [
      flags.strength !== undefined && flags.image === undefined,
      '--strength says how far to go from --image, which is missing',
    ],
    [
      flags.scheduler === 'edm_euler' && hasSolver,
      '--solver-order and --solver-type are of edm_dpmpp_2m; edm_euler has neither',
    ],
    [
      hasNegativeCondition && !hasNegativeSizes,
      'the negative micro-conditioning needs both --negative-original-size and --negative-target-size; without them it follows the positive one',
    ],
    [
      flags.negativePrompt2 !== undefined && flags.negativePrompt === undefined,
      '--negative-prompt-2 is the second encoder\'s text and needs --negative-prompt (which may be "")',
    ],
    [
      flags.quality !== undefined &&
        formatFor(fileOf(flags.output), flags.format && formatOfName(flags.format)) === 'png',
      '--quality is for jpeg and webp, and the picture would be a png, which loses nothing; add --format jpeg or leave it out',
    ],
  ];
}

/** A folder has no say in the format, whatever its name ends in. */
function fileOf(output: string | undefined): string | undefined {
  return output === undefined || output === '-' || /[/\\]$/.test(output) ? undefined : output;
}
