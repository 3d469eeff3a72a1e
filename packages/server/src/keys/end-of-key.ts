import { DomainError } from '../domain-error.ts';
import type { EventBus } from '../jobs/events-port.ts';
import type { KeyService } from './keys.ts';

/** When the database did not answer the question. */
const LOOK_AGAIN_MS = 1000;
/** Timers take no more milliseconds than 31 bits have. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface EndOfKey extends Disposable {
  /** Aborted, with DomainError `unauthorized`, once the key is revoked, in whichever process, or has expired. */
  readonly signal: AbortSignal;
}

/** Watches the key of a request that goes on for long. To be disposed of with the request. */
export function endOfKey(
  { bus, keys }: { readonly bus: Pick<EventBus, 'onKeyChange'>; readonly keys: Pick<KeyService, 'expiryOf'> },
  keyId: string,
): EndOfKey {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const lookIn = (ms: number) => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(() => void look(), Math.min(ms, LONGEST_TIMER_MS)).unref();
  };
  const look = async (): Promise<void> => {
    try {
      const expiresAt = await keys.expiryOf(keyId);
      if (expiresAt !== null) lookIn(Math.max(0, expiresAt.getTime() - Date.now()));
    } catch (error) {
      if (error instanceof DomainError) ended.abort(error);
      else lookIn(LOOK_AGAIN_MS);
    }
  };
  const watch = bus.onKeyChange(keyId, () => void look());
  // It may have been revoked since the request was let in.
  void look();
  return {
    signal: ended.signal,
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      watch[Symbol.dispose]();
    },
  };
}
