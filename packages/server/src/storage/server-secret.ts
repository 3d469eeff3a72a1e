import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { DomainError } from '../domain/domain-error.ts';
import type { ServerSecret } from '../domain/ports/secret.ts';
import { isMissing } from './is-missing.ts';

const SECRET_BYTES = 32;
const SHORTEST_TEXT = 32;
const HEXADECIMAL = /^[0-9a-f]{64}$/;

/**
 * The secret that is in the environment, as text.
 *
 * @throws DomainError `invalid_request` when it is shorter than 32 characters
 */
export function secretFromText(text: string): ServerSecret {
  if (text.length >= SHORTEST_TEXT) return new SecretBytes(Buffer.from(text, 'utf8'));
  throw new DomainError(
    'invalid_request',
    `EASEL_SECRET must have at least ${SHORTEST_TEXT} characters (got ${text.length}); make one with: openssl rand -hex 32`,
  );
}

/**
 * The secret of a data folder: the file `secret`, which only its owner may read, drawn when it is not there yet. Of several
 * processes that start at once all get the same one. Keys are worth nothing without it, so it belongs into every backup.
 *
 * @throws DomainError `server_error` when the file holds something else
 */
export async function secretOfFolder(dataDir: string): Promise<ServerSecret> {
  const file = path.join(dataDir, 'secret');
  const text = (await readIfThere(file)) ?? (await drawSecret(dataDir, file));
  if (HEXADECIMAL.test(text)) return new SecretBytes(Buffer.from(text, 'hex'));
  throw new DomainError(
    'server_error',
    `${file} is damaged: it must hold 64 hexadecimal digits; restore it from a backup (without it every key is void)`,
  );
}

/** Written beside, then linked: a link appears whole or not at all, and fails where another process was first. */
async function drawSecret(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
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
