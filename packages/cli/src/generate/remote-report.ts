import type { Job } from '@easel/contract';
import { duration } from '../progress/duration.ts';
import { syntaxWarnings, truncationWarning } from './result-report.ts';
import type { TruncatedText } from './truncated-texts.ts';

export interface RemoteResult {
  readonly server: string;
  readonly prompt: string;
  readonly job: Job;
  /** Where each picture was saved. */
  readonly files: readonly string[];
  readonly remainingCredits: number | undefined;
  /** What the model's encoders would not see of the texts. */
  readonly truncated: readonly TruncatedText[];
}

/** Texts that were used and cut off: without guidance the negative prompt is not. */
function truncatedOf({ job, truncated }: RemoteResult): readonly TruncatedText[] {
  return truncated.filter(({ field }) => field !== 'negativePrompt' || job.guidance_scale > 1);
}

/** Things that went otherwise than somebody may think, in sentences. */
export function remoteWarnings(result: RemoteResult): string[] {
  const { prompt, prompt_2: prompt2, negative_prompt: negativePrompt, guidance_scale: guidanceScale } = result.job;
  const warnings = [...truncatedOf(result).map(truncationWarning), ...syntaxWarnings(prompt, prompt2, negativePrompt)];
  if (negativePrompt !== null && guidanceScale <= 1) {
    warnings.push(`the negative prompt has no effect at --guidance-scale ${guidanceScale}; it needs more than 1`);
  }
  return warnings;
}

/** One line: what was made, how, what it cost, and how long it took. */
export function remoteSummary({ job, remainingCredits }: RemoteResult, totalMs: number): string {
  const { img_width: width, img_height: height, num_inference_steps: steps, scheduler, guidance_scale: guidance } = job;
  const seeds = job.images.map(({ seed }) => seed);
  const cost = `${job.price} credits${remainingCredits === undefined ? '' : ` (${remainingCredits} left)`}`;
  return (
    `${width}×${height}, ${steps} ${steps === 1 ? 'step' : 'steps'} of ${scheduler}, guidance ${guidance}, ` +
    `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}: ${duration(totalMs)}, ${cost}`
  );
}

/** The result for programs. */
export function remoteJson(result: RemoteResult, totalMs: number): Record<string, unknown> {
  const { server, job, files, remainingCredits } = result;
  return {
    images: job.images.map(({ seed, width, height, file_size: bytes, url }, index) => ({
      file: files[index],
      seed,
      width,
      height,
      format: job.image_format,
      bytes,
      url,
    })),
    model: { name: job.model, server },
    job: job.id,
    used: {
      width: job.img_width,
      height: job.img_height,
      steps: job.num_inference_steps,
      guidanceScale: job.guidance_scale,
      scheduler: job.scheduler,
      ...(job.strength !== null && { strength: job.strength }),
    },
    price: job.price,
    remainingCredits,
    truncated: truncatedOf(result),
    warnings: remoteWarnings(result),
    timings: { commandMs: Math.round(totalMs) },
  };
}
