import type { PassKind } from '../pipeline/run-hooks.ts';

interface PassTimes {
  lastMs: number;
  slowestMs: number;
}

/** How long passes took, by kind and picture size; kept by the parent, so it outlives the child. */
export class PassHistory {
  readonly #times = new Map<string, PassTimes>();

  record(kind: PassKind, pixels: number, ms: number): void {
    const slowestMs = Math.max(ms, this.slowestMs(kind, pixels) ?? 0);
    this.#times.set(key(kind, pixels), { lastMs: ms, slowestMs });
  }

  /** What a pass is expected to take: what the last one took. */
  lastMs(kind: PassKind, pixels: number): number | undefined {
    return this.#times.get(key(kind, pixels))?.lastMs;
  }

  slowestMs(kind: PassKind, pixels: number): number | undefined {
    return this.#times.get(key(kind, pixels))?.slowestMs;
  }
}

/** Texts are always 77 tokens long, whatever the picture's size. */
function key(kind: PassKind, pixels: number): string {
  return kind === 'text_encoder' ? kind : `${kind} ${pixels}`;
}
