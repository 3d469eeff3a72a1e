import { setImmediate } from 'node:timers/promises';
import { cancelledError } from '../errors.ts';
import type { Target } from './variant.ts';

/**
 * The calls into the runtime: each blocks its thread and cannot be interrupted. `session` is the creation of a session; `weights` opens and
 * checks the 8-bit weights, which may read gigabytes; `probe` is a small network by which a device is tried.
 */
export const passKinds = [
  'text_encoder',
  'text_projection',
  'unet',
  'vae_encode',
  'vae_decode',
  'upscale',
  'session',
  'weights',
  'probe',
] as const;

export type PassKind = (typeof passKinds)[number];

export interface PassEvent {
  readonly kind: PassKind;
  readonly phase: 'start' | 'end';
}

/** What a run reports besides its steps. The engine host times its passes by these, to cancel and to detect a hung run. */
export interface RunHooks {
  /** Called right before and right after each pass, `end` also when the pass throws. Passes do not overlap. */
  readonly onPass?: (event: PassEvent) => void;
  /** What the caller may want to log, as one sentence. */
  readonly onNotice?: (notice: string) => void;
}

/** What every pass of a run receives. */
export interface PassContext {
  readonly target: Target;
  readonly hooks: RunHooks;
  /** Called before every pass: yields to the event loop and checks for cancellation. */
  readonly beforePass: () => Promise<void>;
}

/** Calls the hooks around a pass. */
export async function announcePass<T>(hooks: RunHooks, kind: PassKind, pass: () => Promise<T>): Promise<T> {
  hooks.onPass?.({ kind, phase: 'start' });
  try {
    return await pass();
  } finally {
    hooks.onPass?.({ kind, phase: 'end' });
  }
}

/**
 * Lets the event loop run once, then checks the signal. A network's run blocks the thread: otherwise no abort, message or
 * timer would be seen between two of them.
 *
 * @throws EngineError `cancelled`
 */
export async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw cancelledError();
}
