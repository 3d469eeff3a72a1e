import type { PromptField } from '@easel/engine';
import { foreignSyntax } from '@easel/parameters';
import { formatDuration } from '../text.ts';
import type { MadePictures, PlannedRun, TruncatedText } from './backend.ts';
import type { GenerateFlags, RequestFlags } from './flags.ts';
import { lorasOf } from './lora-flags.ts';

/** More would not fit on the one line of the warning. */
const MAX_PIECES = 5;

const optionNames = {
  prompt: 'the prompt',
  prompt2: '--prompt-2',
  negativePrompt: '--negative-prompt',
  negativePrompt2: '--negative-prompt-2',
} as const satisfies Record<PromptField, string>;

/** Lists what a user may not expect, in sentences. */
export function listWarnings({ prompt }: PlannedRun, flags: GenerateFlags, made: MadePictures): string[] {
  const { used, truncated } = made;
  const { prompt2, negativePrompt, negativePrompt2 } = flags;
  const warnings = [
    ...truncated.map((each) => truncationWarning(each, flags)),
    ...syntaxWarnings(flags, lorasOf(prompt, flags).prompt, prompt2, negativePrompt, negativePrompt2),
    ...made.warnings,
  ];
  if (used.steps !== undefined && used.stepsRun === 0 && used.strength !== undefined && used.strength > 0) {
    warnings.push(
      `--strength ${used.strength} with ${used.steps} steps runs no step, so the picture is the start image; use at least ${minStrength(used.steps)}, or more --steps`,
    );
  }
  return warnings;
}

function truncationWarning({ field, text }: TruncatedText, { longPrompts }: RequestFlags): string {
  const help = longPrompts ? '' : '; --long-prompts reads more';
  return `${optionNames[field]} is longer than the model can read; the end was ignored: ${JSON.stringify(text)}${help}`;
}

/** One sentence for the weights, LoRA tags and the like in all texts of a run; none when there are none. */
function syntaxWarnings(flags: RequestFlags, ...texts: readonly (string | undefined)[]): string[] {
  const found = texts.flatMap((text) => foreignSyntax(text ?? '', flags));
  const pieces = [...new Set(found.map((piece) => piece.text))];
  if (pieces.length === 0) return [];
  const shown = pieces.slice(0, MAX_PIECES).map((piece) => JSON.stringify(piece));
  const more = pieces.length > MAX_PIECES ? ` and ${pieces.length - MAX_PIECES} more` : '';
  const kinds = new Set(found.map(({ what }) => what));
  const options = [
    ...(!flags.promptWeighting && (kinds.has('weight') || kinds.has('escape'))
      ? ['--prompt-weighting reads weights']
      : []),
    ...(!flags.longPrompts && kinds.has('BREAK') ? ['--long-prompts reads BREAK'] : []),
    ...(!flags.loraTags && kinds.has('LoRA') ? ['--lora-tags reads LoRAs'] : []),
    ...(pieces.some((piece) => /^\{.*\|/s.test(piece)) ? ['--alternatives all reads {a|b}'] : []),
  ];
  const help = options.map((option) => `; ${option}`).join('');
  return [`prompt syntax of other tools was read as plain text: ${shown.join(', ')}${more}${help}`];
}

/** Rounded up to two digits: strength × steps is cut to a whole number of steps. */
function minStrength(steps: number): number {
  return Math.ceil(100 / steps) / 100;
}

/** Describes the run in one line: what was made, how, how long it took, and what it cost. */
export function summarizeRun(flags: GenerateFlags, { pictures, used, cost }: MadePictures, totalMs: number): string {
  const { steps, stepsRun = steps, guidanceScale, scheduler, profile = 'exact', device = 'cpu', upscale = 1 } = used;
  const seeds = pictures.map(({ seed }) => String(seed ?? 'none'));
  const seedText =
    flags.generator === 'shared'
      ? `seed ${seeds[0]} (shared)`
      : `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
  const [width, height] = [used.width * upscale, used.height * upscale];
  const sizeText = upscale === 1 ? `${width}×${height}` : `${width}×${height} from ${used.width}×${used.height}`;
  const price = cost === undefined ? '' : `, ${cost}`;
  if (steps === undefined) return `${sizeText}, by ${flags.upscaler}: ${formatDuration(totalMs)}${price}`;
  const stepText = stepsRun === steps ? String(steps) : `${stepsRun} of ${steps}`;
  return (
    `${sizeText}, ${stepText} ${steps === 1 ? 'step' : 'steps'} of ${scheduler}, guidance ${guidanceScale}, ` +
    `${profile === 'exact' ? '' : `profile ${profile}, `}${device === 'cpu' ? '' : `on ${device}, `}${seedText}: ${formatDuration(totalMs)}${price}`
  );
}

/** The result for programs. Times are milliseconds; `totalMs` is that of the whole command. */
export function resultAsJson(
  run: PlannedRun,
  flags: GenerateFlags,
  made: MadePictures,
  files: readonly string[],
  totalMs: number,
): Record<string, unknown> {
  return {
    images: made.pictures.map(({ seed, width, height, bytes, more }, index) => ({
      file: files[index],
      seed,
      width,
      height,
      format: run.output.format,
      bytes: bytes.length,
      ...more,
    })),
    ...made.more,
    used: made.used,
    truncated: made.truncated,
    warnings: listWarnings(run, flags, made),
    timings: { ...made.timings, commandMs: Math.round(totalMs) },
  };
}
