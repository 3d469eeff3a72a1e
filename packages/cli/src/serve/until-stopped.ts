import { once } from 'node:events';

/** Waits for the signal, then stops what runs. */
export async function untilStopped(running: { stop(): Promise<void> }, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  await running.stop();
}
