import { DomainError } from './domain-error.ts';
import type { Database } from './ports/database.ts';
import type { ServerSecret } from './ports/secret.ts';
import type { Settings } from './ports/settings.ts';

export interface SecretCheckParts {
  readonly database: Database;
  readonly settings: Settings;
  readonly secret: ServerSecret;
}

/**
 * Keys are stored as hashes that are keyed with the server's secret: with another one every key would be unknown. So the
 * database keeps a proof of the secret, which tells nothing about it, and a server with another one does not start.
 *
 * @throws DomainError `conflict`
 */
export async function requireSameSecret({ database, settings, secret }: SecretCheckParts): Promise<void> {
  const proof = Buffer.from(secret.hmac('proof', 'of the secret')).toString('hex');
  const kept = await database.transaction((transaction) => settings.keepSecretProof(transaction, proof));
  if (kept === proof) return;
  throw new DomainError(
    'conflict',
    'the keys in this database were made with another server secret, so none of them would be known; restore the file `secret` of the data folder from its backup, or set EASEL_SECRET to what it was',
  );
}
