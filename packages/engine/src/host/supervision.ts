import { cancelledError, EngineError, toEngineError } from '../errors.ts';
import type { SampleEvent, StepEvent } from '../model.ts';
import type { PassEvent, PassKind } from '../runtime/passes.ts';
import type { CallEvents, EngineChild } from './child-process.ts';
import type { Call } from './protocol.ts';

export interface Supervision {
  readonly passes: PassHistory;
  /** When a pass counts as hung, see `defaultPassDeadlineMs`. */
  readonly deadlineMs: (pixels: number, slowestMs: number | undefined) => number;
  /** Width × height of the call's picture; 0 when it has none. */
  readonly pixels: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: StepEvent) => void) | undefined;
  readonly onSample?: ((event: SampleEvent) => void) | undefined;
}

/**
 * One supervised call: it ends with its answer, at most a second after its signal, or when a pass takes too long.
 * @throws EngineError `cancelled`, `engine_hung`, `engine_crashed`, `device_lost` (the process is then ended), or what the engine itself refused with
 */
export async function superviseCall<T>(
  child: EngineChild,
  call: Call,
  accept: (value: unknown) => value is T,
  supervision: Supervision,
): Promise<T> {
  const { signal } = supervision;
  if (signal?.aborted) throw cancelledError();
  const guard = new CallGuard(child, supervision);
  const onAbort = () => guard.stop(cancelledError());
  signal?.addEventListener('abort', onAbort);
  try {
    const answer = await child.call(call, accept, guard);
    // The answer to a call that has been aborted is ignored.
    if (guard.stopReason !== undefined) throw guard.stopReason;
    guard.learn();
    return answer;
  } catch (thrown) {
    const error = toEngineError(thrown);
    if (error.code === 'device_lost') child.kill(error); // its device does not come back in the same process
    throw guard.stopReason ?? error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    guard.dismiss();
  }
}

/** Tracks the passes of a call: times them, detects a hung one, and decides how to stop. */
class CallGuard implements CallEvents {
  readonly #child: EngineChild;
  readonly #supervision: Supervision;
  readonly #watchdog = new Watchdog();
  #running: { readonly kind: PassKind; readonly since: number } | undefined;
  #betweenSince = performance.now();
  #longestBetweenMs = 0;
  #grace: NodeJS.Timeout | undefined;
  /** Why the caller aborted. */
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

  readonly onStep = (step: StepEvent): void => this.#tell(() => this.#supervision.onStep?.(step));

  readonly onSample = (event: SampleEvent): void => this.#tell(() => this.#supervision.onSample?.(event));

  /** What the caller's own function throws stops the call. */
  #tell(listener: () => void): void {
    if (this.stopReason) return;
    try {
      listener();
    } catch (thrown) {
      this.stop(toEngineError(thrown));
    }
  }

  stop(reason: EngineError): void {
    if (this.stopReason) return;
    this.stopReason = reason;
    if (isWorthAsking(this.#runningPass())) {
      this.#child.cancel();
      this.#grace = setTimeout(() => this.#child.kill(reason), CANCEL_GRACE_MS).unref();
    } else {
      this.#child.kill(reason);
    }
  }

  /**
   * Records how long the call took outside its passes, only once it has succeeded: the parts of a load do not predict
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

/** A pass that should end within this time is waited for; a longer one is not. */
const WORTH_WAITING_MS = 500;

/** How long a child that was asked to stop may take. Including the kill this stays within the promised second. */
const CANCEL_GRACE_MS = 800;

/** The pass that runs in the child when its caller aborts. */
export interface RunningPass {
  readonly elapsedMs: number;
  /** What the last pass of its kind and size took; undefined for the first. */
  readonly expectedMs: number | undefined;
}

/**
 * Whether to ask the child to stop at the next pass boundary (it stays loaded) or to kill it at once (the processor is free
 * at once). Between passes, and in a pass of unknown length, asking costs at most `cancelGraceMs`.
 */
export function isWorthAsking(pass: RunningPass | undefined): boolean {
  if (pass?.expectedMs === undefined) return true;
  return pass.expectedMs - pass.elapsedMs <= WORTH_WAITING_MS;
}

const MINUTE_MS = 60_000;

/**
 * Milliseconds after which a pass counts as hung. `pixels`: width × height of the picture being made; `slowestMs`: the longest
 * that a pass of its kind and size has taken, if there was one.
 *
 * The first of a kind gets 15 minutes, more above a megapixel: the first pass at 1024² took up to 3 minutes on the slowest
 * processor measured. Later ones get 20 times the slowest so far, at least a minute, for a machine that is busy or swaps.
 */
export function defaultPassDeadlineMs(pixels: number, slowestMs: number | undefined): number {
  if (slowestMs === undefined) return 15 * MINUTE_MS * Math.max(1, pixels / 1024 ** 2);
  return Math.max(MINUTE_MS, 20 * slowestMs);
}

function hungError(kind: TimedKind, ms: number): EngineError {
  const what = kind === 'other' ? 'loading, or work between two passes,' : `a ${kind} pass`;
  return new EngineError(
    'engine_hung',
    `the engine was stopped: ${what} had not ended after ${Math.round(ms / 1000)} s`,
  );
}

const MAX_SLICE_MS = 1000;

/**
 * Calls back when the time is up, counting only time in which this process was awake. After a Ctrl-Z and `fg`, a suspended
 * laptop or a blocked event loop a plain timer would fire before the messages in the channel have been read,
 * and a healthy child would be taken for a hung one.
 */
export class Watchdog {
  #timer: NodeJS.Timeout | undefined;

  /** Starts over; whatever was timed before is forgotten. */
  watch(limitMs: number, onExpiry: () => void): void {
    this.rest();
    if (limitMs === Number.POSITIVE_INFINITY) return;
    const sliceMs = Math.min(MAX_SLICE_MS, Math.max(5, limitMs / 8));
    let spentMs = 0;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      spentMs += Math.min(now - last, 2 * sliceMs);
      last = now;
      if (spentMs < limitMs) return;
      this.rest();
      onExpiry();
    }, sliceMs).unref();
  }

  rest(): void {
    clearInterval(this.#timer);
  }
}

/** `other`: the parts of a call outside its passes, which are short; a process that is stopped there is not in any pass. */
export type TimedKind = PassKind | 'other';

interface PassTimes {
  lastMs: number;
  slowestMs: number;
}

/** How long passes took, by kind and picture size; kept by the parent, so it outlives the child. */
export class PassHistory {
  readonly #times = new Map<string, PassTimes>();

  record(kind: TimedKind, pixels: number, ms: number): void {
    const slowestMs = Math.max(ms, this.slowestMs(kind, pixels) ?? 0);
    this.#times.set(key(kind, pixels), { lastMs: ms, slowestMs });
  }

  /** What a pass is expected to take: what the last one took. */
  lastMs(kind: TimedKind, pixels: number): number | undefined {
    return this.#times.get(key(kind, pixels))?.lastMs;
  }

  slowestMs(kind: TimedKind, pixels: number): number | undefined {
    return this.#times.get(key(kind, pixels))?.slowestMs;
  }
}

/** Texts are always 77 tokens long, whatever the picture's size, and the work between passes is short at any size. */
function key(kind: TimedKind, pixels: number): string {
  return kind === 'text_encoder' || kind === 'other' ? kind : `${kind} ${pixels}`;
}
