import { type AdminJob, type Job, microToNumber } from '@easel/contract';
import type { JobView } from '../../domain/job-queries.ts';
import type { JobRecord } from '../../domain/ports/jobs.ts';
import type { Outlook } from '../../domain/queue-outlook.ts';
import { imageReply } from './image-file.ts';

/** A job as `/api` tells it. @param base of absolute URLs */
export function jobReply({ job, images, outlook }: JobView, base: string): Job {
  return {
    id: job.id,
    status: job.state,
    ...settingsOf(job),
    drawn_by: job.drawnBy,
    favourite: job.favourite,
    price: microToNumber(job.price),
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
    ...expectationsOf(job, outlook),
    images: images.map((image) => imageReply(image, base)),
    error: errorOf(job),
  };
}

export function adminJobReply(view: JobView, base: string): AdminJob {
  return { ...jobReply(view, base), account_id: view.job.accountId, key_id: view.job.keyId };
}

function settingsOf({ request, prompt, priority, store }: JobRecord) {
  return {
    model: request.model,
    prompt,
    prompt_2: request.prompt2,
    negative_prompt: request.negativePrompt,
    samples: request.samples,
    num_inference_steps: request.steps,
    guidance_scale: request.guidanceScale,
    guidance_rescale: request.guidanceRescale,
    seed: request.seed,
    img_width: request.width,
    img_height: request.height,
    strength: request.strength,
    scheduler: request.scheduler,
    image_format: request.format,
    quality: request.quality,
    preview: request.preview,
    priority,
    store,
  };
}

function expectationsOf({ state }: JobRecord, outlook: Outlook | null): Pick<Job, 'position' | 'eta'> {
  if (outlook === null) return {};
  return {
    ...(state === 'queued' ? { position: outlook.position } : {}),
    ...(outlook.etaSeconds === null ? {} : { eta: outlook.etaSeconds }),
  };
}

function errorOf({ state, failure }: JobRecord): Job['error'] {
  if (failure !== null) return { code: failure.code, message: failure.message };
  return state === 'cancelled' ? { code: 'cancelled', message: 'the job was cancelled; nothing was charged' } : null;
}
