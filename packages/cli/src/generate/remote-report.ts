import type { Job, TokenizeReply } from '@easel/contract';
import { duration } from '../progress/duration.ts';

export interface RemoteResult {
  readonly server: string;
  readonly job: Job;
  /** Where each picture was saved. */
  readonly files: readonly string[];
  readonly remainingCredits: number | undefined;
  readonly warnings: readonly string[];
}

/** Things that went otherwise than somebody may think, in sentences. */
export function remoteWarnings(job: Job, prompt: TokenizeReply): string[] {
  const cut = prompt.encoders.find(({ truncated }) => truncated !== '')?.truncated;
  const warnings =
    cut === undefined
      ? []
      : [`the prompt is longer than the model can read; it has not seen the end: ${JSON.stringify(cut)}`];
  if (job.negative_prompt !== null && job.guidance_scale <= 1) {
    warnings.push(`the negative prompt has no effect at --guidance-scale ${job.guidance_scale}; it needs more than 1`);
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
  const { server, job, files, remainingCredits, warnings } = result;
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
    warnings,
    timings: { commandMs: Math.round(totalMs) },
  };
}
