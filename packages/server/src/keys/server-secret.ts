import { createHmac, randomBytes } from 'node:crypto';
import { link, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { makePrivate, makePrivateFolder, writeDurably } from '@easel/embedded-postgres';
import { ifPresent, systemCode } from '@easel/errors';
import type { Database, Queries } from '../database/database.ts';
import { StartupError } from '../startup-error.ts';

/** The server's secret. It can be used and not read, so it cannot get into a log. */
export interface ServerSecret {
  /** HMAC-SHA256 (RFC 2104) of the text: 32 bytes. Different purposes give unrelated results. */
  hmac(purpose: string, text: string): Uint8Array;
}

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
    { remedy: 'create one with: openssl rand -hex 32' },
  );
}

/**
 * The secret of a data folder: its file `secret`. No key is known without it, so it belongs in every backup.
 *
 * @returns null when there is no such file
 * @throws StartupError `secret_damaged` when the file holds something else
 */
export async function readSecret(dataDir: string): Promise<ServerSecret | null> {
  const file = fileOf(dataDir);
  const text = await ifPresent(readFile(file, 'utf8'));
  if (text === undefined) return null;
  await makePrivate(file, 0o600);
  return secretOfFile(file, text.trim());
}

/** Makes a random secret and keeps it in the data folder. Of several processes that start at once all get the same one. */
export async function makeSecret(dataDir: string): Promise<ServerSecret> {
  const file = fileOf(dataDir);
  return secretOfFile(file, await makeFile(dataDir, file));
}

/** Deletes one that was made for a database that has another. */
async function deleteSecret(dataDir: string): Promise<void> {
  await rm(fileOf(dataDir), { force: true });
}

function fileOf(dataDir: string): string {
  return path.join(dataDir, 'secret');
}

function secretOfFile(file: string, text: string): ServerSecret {
  if (HEXADECIMAL.test(text)) return new SecretBytes(Buffer.from(text, 'hex'));
  throw new StartupError('secret_damaged', `${file} is damaged: it must hold 64 hexadecimal digits`, {
    remedy: 'restore it from a backup; without it no key is accepted',
  });
}

/** Written to a temporary file, then linked: a link appears complete or not at all, and fails where another process was first. */
async function makeFile(dataDir: string, file: string): Promise<string> {
  await makePrivateFolder(dataDir);
  const scratch = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeDurably(scratch, `${randomBytes(SECRET_BYTES).toString('hex')}\n`);
    await link(scratch, file).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(scratch, { force: true });
  }
  return (await readFile(file, 'utf8')).trim();
}

const SECRET_PROOF = 'secret_proof';

/** Whether a server has ever used the database: the first thing that one keeps there is the proof of its secret. */
export async function isDatabaseInUse(database: Database): Promise<boolean> {
  return (await database.transaction(findSecretProof)) !== null;
}

/**
 * Keys are stored as hashes that are keyed with the server's secret: with another one every key would be unknown. So the
 * database keeps a proof of the secret, which does not reveal it, and a server with another one does not start.
 *
 * @param candidates what the server's secret may be; a database without a proof takes the first
 * @returns the one that the database knows
 * @throws StartupError `settings_invalid`
 */
export async function requireSameSecret(
  database: Database,
  candidates: readonly [ServerSecret, ...ServerSecret[]],
): Promise<ServerSecret> {
  const kept = await database.transaction((queries) => keepSecretProof(queries, proofOf(candidates[0])));
  const same = candidates.find((secret) => proofOf(secret) === kept);
  if (same !== undefined) return same;
  throw new StartupError(
    'settings_invalid',
    'the keys in this database were created with another server secret, so none of them would be accepted',
    { remedy: secretRemedy },
  );
}

/**
 * The secret that the keys of the database were made with: of `EASEL_SECRET`, else of the data folder, where it is made at the first
 * start. A start that is refused leaves no new one behind.
 *
 * @param text of the setting; null: not set
 * @throws StartupError when the database knows another one
 */
export async function openSecret(database: Database, text: string | null, dataDir: string): Promise<ServerSecret> {
  if (text !== null) return requireSameSecret(database, secretsOfText(text));
  const kept = await readSecret(dataDir);
  if (kept !== null) return requireSameSecret(database, [kept]);
  if (await isDatabaseInUse(database)) {
    throw new StartupError('settings_invalid', `the database has keys, but their server secret is not in ${dataDir}`, {
      remedy: secretRemedy,
    });
  }
  const made = await makeSecret(dataDir);
  try {
    return await requireSameSecret(database, [made]);
  } catch (error) {
    await deleteSecret(dataDir);
    throw error;
  }
}

const secretRemedy =
  'copy the file `secret` from the data folder of the server that created them, or from its backup, or set EASEL_SECRET to its content';

function proofOf(secret: ServerSecret): string {
  return Buffer.from(secret.hmac('proof', 'of the secret')).toString('hex');
}

/** @returns null when no server has kept one yet */
async function findSecretProof(queries: Queries): Promise<string | null> {
  const row = await queries.selectFrom('settings').select('value').where('name', '=', SECRET_PROOF).executeTakeFirst();
  return row === undefined ? null : String(row.value);
}

/** Keeps the proof of the server's secret unless there is one. @returns the one that is kept now */
async function keepSecretProof(queries: Queries, proof: string): Promise<string> {
  await queries
    .insertInto('settings')
    .values({ name: SECRET_PROOF, value: JSON.stringify(proof) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await findSecretProof(queries)) ?? proof;
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
