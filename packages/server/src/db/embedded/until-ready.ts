import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseUnavailable } from './database-unavailable.ts';
import type { LaunchedPostmaster } from './launch-postmaster.ts';
import type { Place } from './place.ts';
import { findPostmaster, type Postmaster } from './postmaster.ts';
import { stopPostmaster } from './stop-postmaster.ts';

/**
 * `postgres` gives up at once while processes of a killed server end and still hold its shared memory, or while another server of the same
 * data starts or stops. It is to be started again then; all else that ends it needs the operator.
 */
const passing = /pre-existing shared memory block|lock file ".*" already exists/;

export interface RunningServer extends Postmaster {
  readonly adopted: boolean;
}

/**
 * Waits until a server of the place takes connections, and launches one whenever there is none. An abort stops what was launched.
 * @throws {DatabaseUnavailable} when `postgres` ends for a reason that does not pass; the signal's reason
 */
export async function untilReady(
  place: Place,
  launch: () => Promise<LaunchedPostmaster>,
  signal: AbortSignal,
): Promise<RunningServer> {
  let launched: LaunchedPostmaster | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const running = await findPostmaster(place.data);
      if (running?.ready) return { ...running, adopted: running.pid !== launched?.pid };
      if (launched?.hasExited()) {
        await checkPassing(launched, place);
        launched = undefined;
        await sleep(150, undefined, { signal });
      } else {
        if (!running) launched ??= await launch();
        await sleep(20, undefined, { signal });
      }
    }
  } catch (thrown) {
    if (launched) await stopPostmaster(launched.pid, launched.hasExited, { fastMs: 10_000, immediateMs: 6_000 });
    throw thrown;
  }
}

async function checkPassing(launched: LaunchedPostmaster, place: Place): Promise<void> {
  const output = await launched.output();
  if (passing.test(output)) return;
  throw new DatabaseUnavailable(
    `PostgreSQL ended during its start: ${lastWords(output)}`,
    `correct what it complains of; its log is ${place.log}`,
  );
}

/** What it died of, in its own words, without the time stamps. */
export function lastWords(output: string): string {
  const lines = output.split('\n').map((text) => text.replace(/^[\d-]+ [\d:.]+ UTC \[\d+\] /, '').trim());
  const grave = lines.filter((text) => /^(\S+: )?(PANIC|FATAL|HINT|DETAIL):/.test(text));
  return (grave.length > 0 ? grave : lines.filter(Boolean)).slice(-4).join('; ') || 'it said nothing';
}
