import { type AdminJob, inWireNames, type Job, microToNumber, tellRequest } from '@easel/contract';
import { imageReply } from '../pictures/images.ts';
import type { JobView } from './job-queries.ts';
import type { JobRecord } from './jobs-port.ts';
import type { Outlook } from './queue-outlook.ts';

/** A job as `/api` tells it. @param base of absolute URLs */
export function jobReply({ job, images, outlook }: JobView, base: string): Job {
  return {
    id: job.id,
    status: job.state,
    ...tellRequest({ ...job.request, prompt: job.prompt, priority: job.priority, store: job.store }),
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

function expectationsOf({ state }: JobRecord, outlook: Outlook | null): Pick<Job, 'position' | 'eta'> {
  if (outlook === null) return {};
  return {
    ...(state === 'queued' ? { position: outlook.position } : {}),
    ...(outlook.etaSeconds === null ? {} : { eta: outlook.etaSeconds }),
  };
}

function errorOf({ state, failure, request }: JobRecord): Job['error'] {
  if (failure !== null) {
    const { message } = inWireNames(failure, 'api', request.called);
    return { code: failure.code, message };
  }
  return state === 'cancelled' ? { code: 'cancelled', message: 'the job was cancelled; nothing was charged' } : null;
}
