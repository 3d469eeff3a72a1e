import { DomainError } from '../domain-error.ts';
import { longestDraftMs } from '../jobs/drafts.ts';
import type { EventBus } from '../jobs/event-bus.ts';
import type { DraftSettings, JobRecord } from '../jobs/job.ts';
import type { PaintedSample, Painter, Painting, PaintOptions } from '../models/painter.ts';
import type { ReviewHook } from '../models/review.ts';
import { sampleEventOf } from './step-publisher.ts';

/** What a draft is made with. */
interface DraftTools {
  readonly bus: Pick<EventBus, 'publish'>;
  readonly painter: Pick<Painter, 'paint'>;
  readonly hook: ReviewHook | null;
}

/** Servers refuse drafts where they have a hook; this worker has one, and the server has not. */
const unreviewed =
  'this worker reviews pictures before they are shown, and drafts are not reviewed; generate the picture itself';

/**
 * Makes a draft. The event with its small picture is all there is of it, so it is published before the run has succeeded.
 *
 * @throws DomainError `content_rejected` where pictures are reviewed; as `Painter.paint`; the error with which the event could not be made or stored
 */
export async function paintDraft(
  { bus, painter, hook }: DraftTools,
  { id, request }: Pick<JobRecord, 'id' | 'request'>,
  options: Pick<PaintOptions, 'signal' | 'onStep'>,
): Promise<Painting> {
  if (hook !== null) throw new DomainError('content_rejected', unreviewed);
  const samples: PaintedSample[] = [];
  const onSample = (sample: PaintedSample) => void samples.push(sample);
  const painting = await painter.paint(request, { ...options, onSample, isDraft: true });
  for (const sample of samples) await bus.publish(id, await sampleEventOf(sample));
  return painting;
}

/**
 * Aborts the run of a draft that takes far longer than was expected when it was accepted: drafts are free because they are short. Other jobs are
 * left alone. @returns what ends the watch
 */
export function stopOverdueDraft(
  settings: Pick<DraftSettings, 'maxSeconds'>,
  { draft }: Pick<JobRecord, 'draft'>,
  run: AbortController,
): Disposable {
  const ms = longestDraftMs(settings);
  const timer = draft ? setTimeout(() => run.abort(tookTooLong(ms)), ms) : undefined;
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

function tookTooLong(ms: number): DomainError {
  const message = `the draft was stopped after ${ms / 1000} s: the model had to be loaded, or the server is busy`;
  return new DomainError('overloaded', message, { remedy: 'try again in a minute, or generate the picture itself' });
}
