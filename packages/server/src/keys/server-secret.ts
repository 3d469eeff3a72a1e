import { createHmac, randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { makePrivate, makePrivateFolder } from '../files/private-folder.ts';
import { isMissing } from '../pictures/is-missing.ts';
import { StartupError } from '../startup-error.ts';
import type { ServerSecret } from './secret.ts';

const SECRET_BYTES = 32;
const SHORTEST_TEXT = 32;
const HEXADECIMAL = /^[0-9a-f]{64}$/i;

/**
 * What the text of `EASEL_SECRET` may stand for, the first one for a database that knows no secret yet. 64 hexadecimal digits are what
 * the file `secret` of a data folder holds, and mean the same as there; releases before took them for plain text.
 *
 * @throws StartupError when it is shorter than 32 characters
 */
export function secretsOfText(text: string): readonly [ServerSecret, ...ServerSecret[]] {
  const asText = new SecretBytes(Buffer.from(text, 'utf8'));
  const digits = text.trim();
  if (HEXADECIMAL.test(digits)) return [new SecretBytes(Buffer.from(digits, 'hex')), asText];
  if (text.length >= SHORTEST_TEXT) return [asText];
  throw new StartupError(
    'settings_invalid',
    `EASEL_SECRET must have at least ${SHORTEST_TEXT} characters (got ${text.length})`,
    { remedy: 'make one with: openssl rand -hex 32' },
  );
}

/**
 * The secret of a data folder: its file `secret`. Keys are worth nothing without it, so it belongs into every backup.
 *
 * @returns null when there is no such file
 * @throws StartupError `secret_damaged` when the file holds something else
 */
export async function readSecret(dataDir: string): Promise<ServerSecret | null> {
  const file = fileOf(dataDir);
  const text = await readIfThere(file);
  if (text === undefined) return null;
  await makePrivate(file, 0o600);
  return secretOfFile(file, text);
}

/** Draws a secret and keeps it in the data folder. Of several processes that start at once all get the same one. */
export async function drawSecret(dataDir: string): Promise<ServerSecret> {
  const file = fileOf(dataDir);
  return secretOfFile(file, await drawFile(dataDir, file));
}

/** Takes back one that was drawn for a database that has another. */
export async function forgetSecret(dataDir: string): Promise<void> {
  await unlink(fileOf(dataDir)).catch(unlessMissing);
}

function fileOf(dataDir: string): string {
  return path.join(dataDir, 'secret');
}

function secretOfFile(file: string, text: string): ServerSecret {
  if (HEXADECIMAL.test(text)) return new SecretBytes(Buffer.from(text, 'hex'));
  throw new StartupError('secret_damaged', `${file} is damaged: it must hold 64 hexadecimal digits`, {
    remedy: 'restore it from a backup; without it every key is void',
  });
}

/** Written beside, then linked: a link appears whole or not at all, and fails where another process was first. */
async function drawFile(dataDir: string, file: string): Promise<string> {
  await makePrivateFolder(dataDir);
  const scratch = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeDurably(scratch, `${randomBytes(SECRET_BYTES).toString('hex')}\n`);
    await link(scratch, file).catch(unlessThere);
  } finally {
    await unlink(scratch).catch(unlessMissing);
  }
  return (await readFile(file, 'utf8')).trim();
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    unlessMissing(error);
    return undefined;
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

class SecretBytes implements ServerSecret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The zero byte keeps the purpose apart from the text, neither of which contains one. */
  hmac(purpose: string, text: string): Uint8Array {
    return createHmac('sha256', this.#bytes).update(`${purpose}\0${text}`).digest();
  }
}
