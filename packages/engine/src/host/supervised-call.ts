import { cancelled, type EngineError, toEngineError } from '../errors.ts';
import type { StepEvent } from '../model.ts';
import type { PassEvent, PassKind } from '../runtime/passes.ts';
import { cancelGraceMs, isWorthAsking } from './cancellation.ts';
import type { CallEvents, EngineChild } from './child-process.ts';
import { hungError } from './deadline.ts';
import type { PassHistory, TimedKind } from './pass-history.ts';
import type { Call } from './protocol.ts';
import { Watchdog } from './watchdog.ts';

export interface Supervision {
  readonly passes: PassHistory;
  /** When a pass counts as hung, see `defaultPassDeadlineMs`. */
  readonly deadlineMs: (pixels: number, slowestMs: number | undefined) => number;
  /** Width × height of the picture that the call is about; 0 when it is about none. */
  readonly pixels: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: StepEvent) => void) | undefined;
}

/**
 * One call under watch: it ends with its answer, at most a second after its signal, or when a pass takes too long.
 * @throws EngineError `cancelled`, `engine_hung`, `engine_crashed`, or what the engine itself refused with
 */
export async function superviseCall<T>(
  child: EngineChild,
  call: Call,
  accept: (value: unknown) => value is T,
  supervision: Supervision,
): Promise<T> {
  const { signal } = supervision;
  if (signal?.aborted) throw cancelled();
  const guard = new CallGuard(child, supervision);
  const onAbort = () => guard.stop(cancelled());
  signal?.addEventListener('abort', onAbort);
  try {
    const answer = await child.call(call, accept, guard);
    // An answer to a caller who let go meanwhile is none.
    if (guard.stopReason !== undefined) throw guard.stopReason;
    guard.learn();
    return answer;
  } catch (thrown) {
    throw guard.stopReason ?? toEngineError(thrown);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    guard.dismiss();
  }
}

/** Follows the passes of a call: times them, finds the hung one, and knows how best to stop. */
class CallGuard implements CallEvents {
  readonly #child: EngineChild;
  readonly #supervision: Supervision;
  readonly #watchdog = new Watchdog();
  #running: { readonly kind: PassKind; readonly since: number } | undefined;
  #betweenSince = performance.now();
  #longestBetweenMs = 0;
  #grace: NodeJS.Timeout | undefined;
  /** Why the caller wants no answer any more. */
  stopReason: EngineError | undefined;

  constructor(child: EngineChild, supervision: Supervision) {
    this.#child = child;
    this.#supervision = supervision;
    this.#watch('other');
  }

  readonly onPass = ({ kind, phase }: PassEvent): void => {
    const now = performance.now();
    if (phase === 'end' && this.#running) {
      this.#supervision.passes.record(kind, this.#supervision.pixels, now - this.#running.since);
    }
    if (phase === 'start') this.#endBetween(now);
    else this.#betweenSince = now;
    this.#running = phase === 'start' ? { kind, since: now } : undefined;
    this.#watch(this.#running?.kind ?? 'other');
  };

  readonly onStep = (step: StepEvent): void => {
    if (this.stopReason) return;
    try {
      this.#supervision.onStep?.(step);
    } catch (thrown) {
      this.stop(toEngineError(thrown));
    }
  };

  stop(reason: EngineError): void {
    if (this.stopReason) return;
    this.stopReason = reason;
    if (isWorthAsking(this.#runningPass())) {
      this.#child.cancel();
      this.#grace = setTimeout(() => this.#child.kill(reason), cancelGraceMs).unref();
    } else {
      this.#child.kill(reason);
    }
  }

  /**
   * Remembers how long the call took outside of its passes. Only now that it has ended well: the parts of a load tell nothing of
   * each other.
   */
  learn(): void {
    this.#endBetween(performance.now());
    this.#supervision.passes.record('other', this.#supervision.pixels, this.#longestBetweenMs);
  }

  dismiss(): void {
    clearTimeout(this.#grace);
    this.#watchdog.rest();
  }

  #runningPass() {
    if (!this.#running) return undefined;
    const { kind, since } = this.#running;
    const expectedMs = this.#supervision.passes.lastMs(kind, this.#supervision.pixels);
    return { elapsedMs: performance.now() - since, expectedMs };
  }

  #endBetween(now: number): void {
    this.#longestBetweenMs = Math.max(this.#longestBetweenMs, now - this.#betweenSince);
  }

  #watch(kind: TimedKind): void {
    const { passes, pixels, deadlineMs } = this.#supervision;
    const limitMs = deadlineMs(pixels, passes.slowestMs(kind, pixels));
    this.#watchdog.watch(limitMs, () => this.#child.kill(hungError(kind, limitMs)));
  }
}
