import type { PassKind } from '../runtime/passes.ts';

/** `other`: what a call does outside of its passes, which is short; a process that is stopped there is not seen in any pass. */
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

/** Texts are always 77 tokens long, whatever the picture's size, and what is done between passes takes little at any. */
function key(kind: TimedKind, pixels: number): string {
  return kind === 'text_encoder' || kind === 'other' ? kind : `${kind} ${pixels}`;
}
