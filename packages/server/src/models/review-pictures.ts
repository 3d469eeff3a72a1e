import { DomainError } from '../domain-error.ts';
import type { JobRecord } from '../jobs/jobs-port.ts';
import type { Painting } from './painter.ts';
import type { ReviewHook } from './review-hook.ts';

/** Has the operator's hook look at every picture of a job, if there is one. */
export class ReviewPictures {
  readonly #hook: ReviewHook | null;

  /** @param hook null: pictures are not reviewed */
  constructor(hook: ReviewHook | null) {
    this.#hook = hook;
  }

  /** @throws DomainError `content_rejected` when one is refused; what the hook throws: then nobody knows, and nothing is shown */
  async review({ id, request }: JobRecord, { images }: Painting, signal: AbortSignal): Promise<void> {
    if (this.#hook === null) return;
    for (const [index, image] of images.entries()) {
      const { accept, reason } = await this.#hook.review({ jobId: id, index, image, request }, signal);
      if (!accept) {
        const why = reason === undefined ? '' : `: ${reason}`;
        throw new DomainError(
          'content_rejected',
          `the picture was refused by this server's review${why}; nothing was charged`,
        );
      }
    }
  }
}
