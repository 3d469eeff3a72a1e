import { adviceOnSize, type GeneratedImage, type PromptField } from '@easel/engine';
import { foreignSyntax } from '@easel/parameters';
import { duration } from '../progress/duration.ts';
import type { MadePictures } from './make-pictures.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { TruncatedText } from './truncated-texts.ts';

export interface SavedPicture {
  readonly image: GeneratedImage;
  readonly file: string;
  readonly bytes: number;
}

const optionOf = {
  prompt: 'the prompt',
  prompt2: '--prompt-2',
  negativePrompt: '--negative-prompt',
  negativePrompt2: '--negative-prompt-2',
} as const satisfies Record<PromptField, string>;

export function truncationWarning({ field, text }: TruncatedText): string {
  return `${optionOf[field]} is longer than the model can read; it has not seen the end: ${JSON.stringify(text)}`;
}

/** More would not fit on the one line that is said about them. */
const MAX_PIECES = 5;

/** One sentence for the weights, LoRA tags and the like in all texts of a run; none when there are none. */
export function syntaxWarnings(...texts: readonly (string | null | undefined)[]): string[] {
  const pieces = [...new Set(texts.flatMap((text) => foreignSyntax(text ?? '').map((piece) => piece.text)))];
  if (pieces.length === 0) return [];
  const shown = pieces.slice(0, MAX_PIECES).map((piece) => JSON.stringify(piece));
  const more = pieces.length > MAX_PIECES ? ` and ${pieces.length - MAX_PIECES} more` : '';
  return [`syntax of other tools has no effect and is read as plain text: ${shown.join(', ')}${more}`];
}

/** Things that went otherwise than somebody may think, in sentences. */
export function warningsOf({ flags, request }: PreparedRun, { info, result }: MadePictures): string[] {
  const warnings = [
    ...result.truncated.map(truncationWarning),
    ...syntaxWarnings(request.prompt, flags.prompt2, flags.negativePrompt, flags.negativePrompt2),
  ];
  const advice = adviceOnSize(result.used, info.sizes);
  if (advice !== undefined) warnings.push(advice);
  const { strength, steps, stepsRun } = result.used;
  if (stepsRun === 0 && strength !== undefined && strength > 0) {
    warnings.push(
      `--strength ${strength} of ${steps} steps leaves none to run, so the picture is the one it started from; it needs at least ${leastStrength(steps)}, or more --steps`,
    );
  }
  if (flags.negativePrompt !== undefined && result.used.guidanceScale <= 1) {
    warnings.push(
      `the negative prompt has no effect at --guidance-scale ${result.used.guidanceScale}; it needs more than 1`,
    );
  }
  return warnings;
}

/** Rounded up to two digits: strength × steps is cut to a whole number of steps. */
function leastStrength(steps: number): number {
  return Math.ceil(100 / steps) / 100;
}

/** One line: what was made, how, and how long it took. */
export function summaryOf({ flags }: PreparedRun, { result }: MadePictures, totalMs: number): string {
  const { width, height, steps, stepsRun, guidanceScale, scheduler } = result.used;
  const seeds = result.images.map(({ seed }) => String(seed ?? 'none'));
  const seedText =
    flags.generator === 'shared'
      ? `seed ${seeds[0]} (shared)`
      : `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
  const stepText = stepsRun === steps ? String(steps) : `${stepsRun} of ${steps}`;
  return `${width}×${height}, ${stepText} ${steps === 1 ? 'step' : 'steps'} of ${scheduler}, guidance ${guidanceScale}, ${seedText}: ${duration(totalMs)}`;
}

/** The result for programs. Times are milliseconds; `totalMs` is that of the whole command. */
export function resultAsJson(
  run: PreparedRun,
  made: MadePictures,
  saved: readonly SavedPicture[],
  totalMs: number,
): Record<string, unknown> {
  const { info, result } = made;
  return {
    images: saved.map(({ image, file, bytes }) => ({
      file,
      seed: image.seed === null ? null : Number(image.seed),
      width: image.width,
      height: image.height,
      format: run.output.format,
      bytes,
      timings: image.timings,
    })),
    model: { name: run.modelName, path: info.path, family: info.family },
    used: result.used,
    truncated: result.truncated,
    warnings: warningsOf(run, made),
    timings: { ...result.timings, commandMs: Math.round(totalMs) },
  };
}
