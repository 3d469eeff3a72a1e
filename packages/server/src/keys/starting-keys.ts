import type { KeyScope } from '@easel/contract';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { StartupError } from '../startup-error.ts';
import { insertAccount, isOpenAccount, lockAccountByName } from './accounts.ts';
import { findKeyByHash, type KeyTerms, listKeysOfOrigin, revokeKey } from './key-table.ts';
import { hashOfKey, newKeyText, requireKeyText } from './key-text.ts';
import { DEVELOPMENT, type KeyServiceParts, storeKey } from './keys.ts';

export interface AdminKeyOptions {
  /** The key to have instead of a random one. */
  readonly fixed: string | null;
}

export interface DevelopmentKeyOptions extends AdminKeyOptions {
  /** Micro-credits of the development account, granted when it is made. */
  readonly credits: bigint;
  /** Whether only this machine can reach the server. */
  readonly isLoopback: boolean;
}

interface Role {
  readonly account: string;
  readonly origin: 'admin' | 'development';
  readonly scopes: readonly KeyScope[];
  readonly setting: string;
}

const admin: Role = {
  account: 'admin',
  origin: 'admin',
  scopes: ['generate', 'read', 'admin'],
  setting: 'EASEL_ADMIN_KEY',
};
const development: Role = {
  account: DEVELOPMENT,
  origin: 'development',
  scopes: ['generate', 'read'],
  setting: 'EASEL_DEV_KEY',
};

/** Keys that have just been created; null for one that was there before or is fixed. */
export interface NewStartingKeys {
  readonly admin: string | null;
  readonly development: string | null;
}

export interface StartingKeysOptions {
  readonly admin: AdminKeyOptions;
  readonly development: DevelopmentKeyOptions;
  /**
   * Shows the keys to the operator. They are stored only when it has resolved: if the process ends before, the next start creates others.
   * Called again, with other keys, when the transaction has to be repeated.
   */
  readonly show: (made: NewStartingKeys) => Promise<void>;
}

export interface StartingKeysParts extends KeyServiceParts {
  /** Gives the development account its credits. */
  readonly grant: (queries: Queries, grant: StartingGrant) => Promise<unknown>;
}

/** As `grantCredits` takes it. */
export interface StartingGrant {
  readonly accountId: string;
  /** Micro-credits. */
  readonly amount: bigint;
  readonly note: string;
  readonly idempotencyKey: null;
}

/**
 * Creates the keys that a server has from its first start on: the admin key unless there ever was one, and the key of the development account,
 * which has credits for trying things out. Several processes may call this at once: one of them creates the keys. A fixed key replaces the
 * previous fixed one. The development key is for this machine only: where other machines can reach the server, an automatic one is revoked and
 * none is created; a fixed one stays.
 *
 * @throws StartupError for a fixed key that has another format or cannot be used
 */
export function ensureStartingKeys(
  parts: StartingKeysParts,
  { admin: forAdmin, development: forDevelopment, show }: StartingKeysOptions,
): Promise<void> {
  return parts.database.transaction(async (queries) => {
    const made = {
      admin: await ensureAdminKey(queries, parts, forAdmin),
      development: await ensureDevelopmentKey(queries, parts, forDevelopment),
    };
    await show(made);
  });
}

async function ensureAdminKey(
  queries: Queries,
  parts: StartingKeysParts,
  { fixed }: AdminKeyOptions,
): Promise<string | null> {
  const { id } = await ensureAccount(queries, parts, admin);
  return fixed === null ? makeKeyOnce(queries, parts, id, admin) : setFixedKey(queries, parts, id, admin, fixed);
}

async function ensureDevelopmentKey(
  queries: Queries,
  parts: StartingKeysParts,
  { fixed, credits, isLoopback }: DevelopmentKeyOptions,
): Promise<string | null> {
  const { id, isNew } = await ensureAccount(queries, parts, development);
  if (isNew && credits > 0n) {
    const note = 'credits for trying things out';
    await parts.grant(queries, { accountId: id, amount: credits, note, idempotencyKey: null });
  }
  if (!isLoopback) {
    for (const key of await listKeysOfOrigin(queries, id, 'development')) {
      await revokeKey(queries, key.id, parts.clock.now());
    }
  }
  const isOpen = await isOpenAccount(queries, id);
  if (fixed !== null) {
    if (!isOpen) throw developmentClosed();
    return setFixedKey(queries, parts, id, development, fixed);
  }
  return isLoopback && isOpen ? makeKeyOnce(queries, parts, id, development) : null;
}

/** A closed account gets no keys: it would go on spending. */
function developmentClosed(): StartupError {
  const message = `${development.setting} is set, but the account "${DEVELOPMENT}" is closed`;
  return new StartupError('settings_invalid', message, { remedy: 'unset it, or reopen the account first' });
}

/** Creates the account unless it is there, and locks it. */
async function ensureAccount(
  queries: Queries,
  { clock }: StartingKeysParts,
  { account: name }: Role,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const newAccount = { id: newId(clock.now().getTime()), name, maxConcurrent: null, maxQueued: null };
  const isNew = await insertAccount(queries, newAccount);
  const id = await lockAccountByName(queries, name);
  if (id === null) throw new DomainError('server_error', `the account "${name}" could not be created`);
  return { id, isNew };
}

/** @returns the key's text, or null when there ever was one */
async function makeKeyOnce(
  queries: Queries,
  parts: StartingKeysParts,
  accountId: string,
  role: Role,
): Promise<string | null> {
  if ((await listKeysOfOrigin(queries, accountId, role.origin)).length > 0) return null;
  const text = newKeyText();
  await storeKey(queries, parts, { ...termsOf(accountId, role), text, origin: role.origin });
  return text;
}

async function setFixedKey(
  queries: Queries,
  parts: StartingKeysParts,
  accountId: string,
  role: Role,
  text: string,
): Promise<null> {
  requireKeyText(text, role.setting);
  const present = await findKeyByHash(queries, hashOfKey(parts.secret, text));
  if (present !== null && (present.accountId !== accountId || present.revokedAt !== null)) {
    const reason = present.revokedAt === null ? 'belongs to another account' : 'was revoked';
    throw new StartupError('settings_invalid', `${role.setting} is a key that ${reason}`, {
      remedy: 'choose another one',
    });
  }
  for (const earlier of await listKeysOfOrigin(queries, accountId, 'environment')) {
    if (earlier.id !== present?.id) await revokeKey(queries, earlier.id, parts.clock.now());
  }
  if (present === null) {
    await storeKey(queries, parts, { ...termsOf(accountId, role), text, origin: 'environment' });
  }
  return null;
}

function termsOf(accountId: string, { account: name, scopes }: Role): KeyTerms {
  return {
    accountId,
    name,
    scopes,
    models: null,
    monthlyBudget: null,
    requestsPerMinute: null,
    expiresAt: null,
  };
}
