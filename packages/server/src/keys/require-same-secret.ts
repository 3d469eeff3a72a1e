import type { Database } from '../database/database.ts';
import type { Settings } from '../jobs/settings-port.ts';
import { StartupError } from '../startup-error.ts';
import type { ServerSecret } from './secret.ts';

export interface SecretCheckParts {
  readonly database: Database;
  readonly settings: Settings;
}

/** Whether a server has ever used the database: the first thing that one keeps there is the proof of its secret. */
export function isDatabaseInUse({ database, settings }: SecretCheckParts): Promise<boolean> {
  return database.transaction(async (transaction) => (await settings.secretProof(transaction)) !== null);
}

/**
 * Keys are stored as hashes that are keyed with the server's secret: with another one every key would be unknown. So the
 * database keeps a proof of the secret, which tells nothing about it, and a server with another one does not start.
 *
 * @param candidates what the server's secret may be; a database without a proof takes the first
 * @returns the one that the database knows
 * @throws StartupError `settings_invalid`
 */
export async function requireSameSecret(
  { database, settings }: SecretCheckParts,
  candidates: readonly [ServerSecret, ...ServerSecret[]],
): Promise<ServerSecret> {
  const kept = await database.transaction((transaction) =>
    settings.keepSecretProof(transaction, proofOf(candidates[0])),
  );
  const same = candidates.find((secret) => proofOf(secret) === kept);
  if (same !== undefined) return same;
  throw new StartupError(
    'settings_invalid',
    'the keys in this database were made with another server secret, so none of them would be known',
    { remedy: secretRemedy },
  );
}

/** What to do when the secret of a database is not at hand. */
export const secretRemedy =
  'copy the file `secret` from the data folder of the server that made them, or from its backup, or set EASEL_SECRET to what is in it';

function proofOf(secret: ServerSecret): string {
  return Buffer.from(secret.hmac('proof', 'of the secret')).toString('hex');
}
