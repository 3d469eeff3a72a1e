import { fillRequest } from '@easel/contract';
import type { Submission } from '../../src/jobs/admit-jobs.ts';
import type { JobRequest } from '../../src/jobs/job.ts';

/** A small picture of the embedded model. */
export function aRequest(change: Partial<JobRequest> = {}): JobRequest {
  const presets = {
    model: 'demo',
    width: 128,
    height: 128,
    steps: 25,
    guidanceScale: 3,
    scheduler: 'edm_dpmpp_2m',
    profile: 'exact',
  } as const;
  const own = { prompt: 'a red apple on a blue background', steps: 2, seed: 1 };
  return { ...fillRequest(own, presets), ...change };
}

export function aSubmission(
  customer: { readonly accountId: string; readonly keyId: string },
  { request = {}, ...change }: Partial<Omit<Submission, 'request'>> & { readonly request?: Partial<JobRequest> } = {},
): Submission {
  const { accountId, keyId } = customer;
  const own = { startImage: null, priority: 0, store: true, idempotency: null, requestId: null, waiter: null } as const;
  return { accountId, keyId, surface: 'api', ...own, ...change, request: aRequest(request) };
}
