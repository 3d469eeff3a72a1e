import { pathToFileURL } from 'node:url';
import type { ReviewHook, Verdict } from '../domain/ports/review-hook.ts';

/**
 * The operator's module: its default export is called with each picture's bytes and its request, and answers
 * `{ accept: boolean, reason?: string }`, or a promise of it.
 *
 * @param path of the module, absolute
 * @throws TypeError when it has no such export; whatever the module itself throws
 * @example
 * // review.js
 * export default async ({ bytes, request, signal }) => ({ accept: !request.prompt.includes('duck'), reason: 'no ducks' });
 */
export async function loadReviewHook(path: string): Promise<ReviewHook> {
  const module: unknown = await import(pathToFileURL(path).href);
  const review = defaultExportOf(module);
  if (review === undefined) {
    throw new TypeError(`the review module ${path} must have a function as its default export`);
  }
  return {
    async review({ jobId, index, image: { bytes, seed, width, height }, request }, signal) {
      const { format } = request;
      const picture = { jobId, index, bytes, format, seed, width, height, request, signal };
      const verdict: unknown = await Promise.resolve(review(picture));
      if (isVerdict(verdict)) return verdict;
      throw new TypeError('the review module must answer { accept: boolean, reason?: string }');
    },
  };
}

type Review = (picture: object) => unknown;

function defaultExportOf(module: unknown): Review | undefined {
  if (typeof module !== 'object' || module === null || !('default' in module)) return undefined;
  return isReview(module.default) ? module.default : undefined;
}

function isReview(value: unknown): value is Review {
  return typeof value === 'function';
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null || !('accept' in value)) return false;
  const reason = 'reason' in value ? value.reason : undefined;
  return typeof value.accept === 'boolean' && (reason === undefined || typeof reason === 'string');
}
