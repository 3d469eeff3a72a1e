/** A pass that should end within this is waited for; a longer one is not worth the wait. */
const worthWaitingMs = 500;

/** How long a child that was asked to stop may take. With the kill it stays within the promised second. */
export const cancelGraceMs = 800;

/** The pass that runs in the child while its caller wants to stop. */
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
  return pass.expectedMs - pass.elapsedMs <= worthWaitingMs;
}
