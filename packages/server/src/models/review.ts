import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { FilledRequest } from '@easel/contract';
import { DomainError } from '../domain-error.ts';
import { StartupError } from '../startup-error.ts';
import { unlessAborted } from '../unless-aborted.ts';
import type { PaintedImage, Painting } from './painter.ts';

export interface ReviewedImage {
  readonly jobId: string;
  /** 0, 1, … among the samples. */
  readonly index: number;
  readonly image: PaintedImage;
  readonly request: FilledRequest;
}

export interface Verdict {
  readonly accept: boolean;
  /** Shown to the client. */
  readonly reason?: string;
}

/** The operator's review of every picture before it is shown. */
export interface ReviewHook {
  review(image: ReviewedImage, signal: AbortSignal): Promise<Verdict>;
}

/**
 * For all pictures of a job. What the operator's module waits for may never come; and together with the run it has to be over before that
 * counts as hung, see `expiryOf`.
 */
const REVIEW_MS = 5 * 60_000;

/**
 * Has the operator's hook review every picture of a job.
 *
 * @param hook null: pictures are not reviewed
 * @throws DomainError `content_rejected` when one is rejected, `server_error` when it takes too long: another attempt would, too; whatever the
 *   hook throws: then no picture is shown; the signal's reason
 */
export async function reviewPictures(
  hook: ReviewHook | null,
  { id, request }: { readonly id: string; readonly request: FilledRequest },
  { images }: Pick<Painting, 'images'>,
  { signal, patienceMs = REVIEW_MS }: { readonly signal: AbortSignal; readonly patienceMs?: number },
): Promise<void> {
  if (hook === null) return;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tookTooLong(images.length, patienceMs)), patienceMs);
  const ending = AbortSignal.any([signal, late.signal]);
  try {
    for (const [index, image] of images.entries()) {
      ending.throwIfAborted();
      // A module that does not answer, and ignores the signal, does not keep its worker: the answer is not waited for any more.
      const verdict = await unlessAborted(hook.review({ jobId: id, index, image, request }, ending), ending);
      if (!verdict.accept) throw rejected(verdict);
    }
  } finally {
    clearTimeout(timer);
  }
}

function tookTooLong(pictures: number, patienceMs: number): DomainError {
  const what = pictures === 1 ? 'the picture' : `${pictures} pictures`;
  const message = `this server's review of ${what} took longer than ${patienceMs / 1000} s; nothing was charged`;
  return new DomainError('server_error', message);
}

function rejected({ reason }: Verdict): DomainError {
  const why = reason === undefined ? '' : `: ${reason}`;
  return new DomainError(
    'content_rejected',
    `the picture was refused by this server's review${why}; nothing was charged`,
  );
}

/**
 * Loads the operator's module. Its default export is called with each picture's bytes and its request, and returns
 * `{ accept: boolean, reason?: string }`, or a promise of it.
 *
 * @param path of the module, absolute
 * @throws StartupError for a module that is missing, throws, or has no such export
 * @example
 * ```js
 * // review.js
 * export default async ({ bytes, request, signal }) => ({ accept: !request.prompt.includes('duck'), reason: 'no ducks' });
 * ```
 */
export async function loadReviewHook(path: string): Promise<ReviewHook> {
  const review = defaultExportOf(await importModule(path));
  if (review === undefined) throw unusable(path, 'it must have a function as its default export');
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

async function importModule(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw unusable(path, existsSync(path) ? String(cause) : 'there is no such file', cause);
  }
}

function unusable(path: string, reason: string, cause?: unknown): StartupError {
  const remedy = 'correct the setting reviewHook or that file; docs/security.md shows one that works';
  return new StartupError('settings_invalid', `the review module ${path} cannot be used: ${reason}`, { remedy, cause });
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
