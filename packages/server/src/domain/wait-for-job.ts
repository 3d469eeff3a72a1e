import type { JobQueries, JobView } from './job-queries.ts';
import { isEnded } from './job-state.ts';
import type { EventBus } from './ports/events.ts';

/** A notice can be lost with its connection; then it is noticed after this long. */
const LOOK_AGAIN_MS = 5000;

/**
 * Waits until a job has ended, in whichever process it runs.
 *
 * @throws the signal's reason, or DomainError `not_found`
 */
export async function waitForJob(
  { bus, queries }: { readonly bus: EventBus; readonly queries: JobQueries },
  jobId: string,
  signal: AbortSignal,
): Promise<JobView> {
  using watch = bus.watch(jobId);
  for (;;) {
    signal.throwIfAborted();
    const view = await queries.get(null, jobId);
    if (isEnded(view.job)) return view;
    await watch.next({ withinMs: LOOK_AGAIN_MS, signal });
  }
}
