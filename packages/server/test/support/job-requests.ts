import type { JobRequest } from '../../src/domain/job-request.ts';
import type { Submission } from '../../src/domain/submit-job.ts';

/** A small picture of the embedded model. */
export function aRequest(change: Partial<JobRequest> = {}): JobRequest {
  return {
    model: 'demo',
    prompt: 'a red apple on a blue background',
    prompt2: null,
    negativePrompt: null,
    width: 128,
    height: 128,
    samples: 1,
    steps: 2,
    guidanceScale: 3,
    guidanceRescale: 0,
    seed: 1,
    scheduler: 'edm_dpmpp_2m',
    format: 'jpeg',
    quality: 95,
    embedParameters: true,
    image: null,
    strength: null,
    preview: false,
    ...change,
  };
}

export function aSubmission(
  customer: { readonly accountId: string; readonly keyId: string },
  { request = {}, ...change }: Partial<Omit<Submission, 'request'>> & { readonly request?: Partial<JobRequest> } = {},
): Submission {
  const { accountId, keyId } = customer;
  const own = { startImage: null, priority: 0, store: true, idempotency: null, requestId: null, waiter: null } as const;
  return { accountId, keyId, surface: 'api', ...own, ...change, request: aRequest(request) };
}
