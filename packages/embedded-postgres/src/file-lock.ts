import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifPresent, systemCode } from '@easel/errors';
import { identityOf, isRunning } from './process-identity.ts';

/** What a lock file says: who holds it and since when. */
export interface Claim {
  /** Different for every attempt to take any lock. */
  readonly token: string;
  readonly pid: number;
  readonly started: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes the lock that is the file `file`, or resolves to the claim of the living process that has it. A dead process's lock is taken
 * over. Holds among the processes of one machine that see each other's numbers, hence not between containers that share a folder.
 */
export async function tryFileLock(file: string): Promise<{ readonly lock: FileLock } | { readonly holder: Claim }> {
  const owner = await identityOf(process.pid);
  const mine: Claim = { ...owner, token: randomUUID(), since: new Date().toISOString() };
  const holder = await take(file, mine);
  if (holder.token !== mine.token) return { holder };
  await removeTracesOfTheDead(file);
  return { lock: { release: () => release(file, mine) } };
}

/** Takes the lock as soon as nobody else has it. */
export async function waitForFileLock(file: string, signal: AbortSignal): Promise<FileLock> {
  for (;;) {
    signal.throwIfAborted();
    const attempt = await tryFileLock(file);
    if ('lock' in attempt) return attempt.lock;
    await sleep(25, undefined, { signal });
  }
}

/**
 * Resolves to the claim that has `file` now: `mine`, or a living process's.
 *
 * Who finds a dead claim may not simply remove it: between the look and the removal another may have done so and put its own there. So
 * the right to replace the claim with token T is a lock itself, `file.after-T`. Its holder looks again: if `file` still says T, nobody
 * has replaced it, and nobody else may. A holder that dies in between is succeeded in the same way.
 */
async function take(file: string, mine: Claim): Promise<Claim> {
  for (;;) {
    if (await place(file, mine, link)) return mine;
    const holder = await readClaim(file);
    if (holder === undefined) continue;
    if (await isRunning(holder)) return holder;
    const succession = `${file}.after-${holder.token}`;
    const successor = await take(succession, mine);
    if (successor.token !== mine.token) return successor;
    try {
      const unchanged = (await readClaim(file))?.token === holder.token;
      if (unchanged && (await place(file, mine, rename))) return mine;
    } finally {
      await rm(succession, { force: true });
    }
  }
}

/** Makes `file` say `claim`, whole or not at all: `link` only where there is no such file, `rename` in any case. */
async function place(file: string, claim: Claim, move: typeof link | typeof rename): Promise<boolean> {
  const draft = `${file}.draft-${claim.token}`;
  await writeFile(draft, JSON.stringify(claim));
  try {
    await move(draft, file);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}

async function release(file: string, mine: Claim): Promise<void> {
  if ((await readClaim(file))?.token === mine.token) await unlink(file);
}

/** A power cut may leave a file without its content; its writer is dead then. */
const unreadable: Claim = { token: 'unreadable', pid: 2 ** 31 - 1, started: '', since: '' };

async function readClaim(file: string): Promise<Claim | undefined> {
  const text = await ifPresent(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isClaim(value) ? value : unreadable;
  } catch {
    return unreadable;
  }
}

function isClaim(value: unknown): value is Claim {
  if (typeof value !== 'object' || value === null) return false;
  if (!('token' in value && 'pid' in value && 'started' in value && 'since' in value)) return false;
  // The token becomes part of a file's name.
  if (typeof value.token !== 'string' || !/^[\w-]+$/.test(value.token)) return false;
  if (typeof value.pid !== 'number' || !Number.isSafeInteger(value.pid) || value.pid < 1) return false;
  return typeof value.started === 'string' && typeof value.since === 'string';
}

/**
 * Drafts and successions of processes that were killed while they took the lock. An unreadable one may just be in the making. A succession
 * matters only until `file` has a new claim, which it has: ours.
 */
async function removeTracesOfTheDead(file: string): Promise<void> {
  const { dir, base } = path.parse(file);
  for (const name of await readdir(dir)) {
    if (!name.startsWith(`${base}.draft-`) && !name.startsWith(`${base}.after-`)) continue;
    const trace = path.join(dir, name);
    const claim = await readClaim(trace);
    if (claim === undefined || claim === unreadable || (await isRunning(claim))) continue;
    await rm(trace, { force: true });
  }
}
