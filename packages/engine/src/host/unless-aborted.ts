import { cancelled, EngineError } from '../errors.ts';

/**
 * Waits for a promise that goes on without its caller: the signal only ends the waiting.
 * @throws EngineError the signal's reason when that is one, else `cancelled`
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortError(signal));
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export function abortError(signal: AbortSignal): EngineError {
  return signal.reason instanceof EngineError ? signal.reason : cancelled();
}
