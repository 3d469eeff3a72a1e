import type { JobCreate } from '@easel/contract';
import { DomainError } from '../domain-error.ts';

/** What a draft cannot be asked for, since nothing of it is kept or told: whether a body does, and why it may not. */
const without = [
  ['samples', ({ samples = 1 }) => samples > 1, 'it is one picture'],
  ['image', ({ image }) => image !== undefined, 'it starts from noise alone'],
  ['upscale', ({ upscale }) => upscale !== undefined, 'it is small'],
  ['store', ({ store = false }) => store, 'it is not stored'],
  ['priority', ({ priority }) => priority !== undefined, 'it waits for all other jobs'],
  ['webhook_url', ({ webhook_url: url }) => url !== undefined, 'its end is told to nobody else'],
] as const satisfies readonly (readonly [keyof JobCreate, (body: JobCreate) => boolean, string])[];

/** @throws DomainError `invalid_request` for a draft that asks for more than one is */
export function requireDraftable(body: JobCreate): void {
  const [param, , why] = without.find(([, isAskedFor]) => isAskedFor(body)) ?? [];
  if (param === undefined) return;
  throw new DomainError('invalid_request', `${param} is not possible with draft: ${why}`, {
    remedy: `leave ${param} out, or draft`,
    param,
  });
}
