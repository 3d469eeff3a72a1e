import type { KeyScope } from '@easel/contract';
import type { Transaction } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { StartupError } from '../startup-error.ts';
import { hashOfKey, newKeyText, requireKeyText } from './key-text.ts';
import { DEVELOPMENT, type KeyService, type KeyServiceParts } from './keys.ts';
import type { KeyTerms } from './keys-port.ts';

export interface StartingKeysParts extends KeyServiceParts {
  readonly keyService: KeyService;
}

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

/** Keys that have just been drawn; null for what there was before, or what was fixed. */
export interface DrawnKeys {
  readonly admin: string | null;
  readonly development: string | null;
}

export interface StartingKeysOptions {
  readonly admin: AdminKeyOptions;
  readonly development: DevelopmentKeyOptions;
  /**
   * Shows the keys to the operator. They are stored only when it has: whatever ends the process before, they were never there, and
   * the next start draws others. Called anew, with other keys, when the database undoes the work for the sake of another process.
   */
  readonly show: (drawn: DrawnKeys) => Promise<void>;
}

/** The keys that a server has from its first start on. Several processes may call this at once: one of them makes the keys. */
export class StartingKeys {
  readonly #parts: StartingKeysParts;

  constructor(parts: StartingKeysParts) {
    this.#parts = parts;
  }

  /**
   * Makes the admin key unless there ever was one, and the key of the development account, which has credits to try things with. A
   * fixed key replaces the one that was fixed before. The development key is meant for the machine it was shown on: where others can
   * reach the server, an automatic one is revoked and none is made; a fixed one stays.
   *
   * @throws StartupError for a fixed key of another shape or one that cannot be used
   */
  ensure({ admin: forAdmin, development: forDevelopment, show }: StartingKeysOptions): Promise<void> {
    return this.#parts.database.transaction(async (transaction) => {
      const drawn = {
        admin: await this.#ensureAdminKey(transaction, forAdmin),
        development: await this.#ensureDevelopmentKey(transaction, forDevelopment),
      };
      await show(drawn);
    });
  }

  async #ensureAdminKey(transaction: Transaction, { fixed }: AdminKeyOptions): Promise<string | null> {
    const { id } = await this.#account(transaction, admin);
    if (fixed !== null) return this.#fix(transaction, id, admin, fixed);
    return this.#drawOnce(transaction, id, admin);
  }

  async #ensureDevelopmentKey(
    transaction: Transaction,
    { fixed, credits, isLoopback }: DevelopmentKeyOptions,
  ): Promise<string | null> {
    const { id, isNew } = await this.#account(transaction, development);
    if (isNew && credits > 0n) await this.#grant(transaction, id, credits);
    if (!isLoopback) await this.#revokeAutomatic(transaction, id);
    if (fixed !== null) return this.#fix(transaction, id, development, fixed);
    return isLoopback ? this.#drawOnce(transaction, id, development) : null;
  }

  /** The account, made if need be; the transaction has it to itself. */
  async #account(transaction: Transaction, { account: name }: Role): Promise<{ id: string; isNew: boolean }> {
    const { accounts, clock } = this.#parts;
    const newAccount = { id: newId(clock.now().getTime()), name, maxConcurrent: null, maxQueued: null };
    const isNew = await accounts.insert(transaction, newAccount);
    const account = await accounts.lockByName(transaction, name);
    if (account === null) throw new DomainError('server_error', `the account "${name}" could not be made`);
    return { id: account.id, isNew };
  }

  async #drawOnce(transaction: Transaction, accountId: string, role: Role): Promise<string | null> {
    const { keys, keyService } = this.#parts;
    if ((await keys.listOfOrigin(transaction, accountId, role.origin)).length > 0) return null;
    const text = newKeyText();
    await keyService.store(transaction, { ...termsOf(accountId, role), text, origin: role.origin });
    return text;
  }

  async #fix(transaction: Transaction, accountId: string, role: Role, text: string): Promise<null> {
    const { keys, keyService, secret, clock } = this.#parts;
    requireKeyText(text, role.setting);
    const present = await keys.findByHash(transaction, hashOfKey(secret, text));
    if (present !== null && (present.accountId !== accountId || present.revokedAt !== null)) {
      const reason = present.revokedAt === null ? 'belongs to another account' : 'was revoked';
      throw new StartupError('settings_invalid', `${role.setting} is a key that ${reason}`, {
        remedy: 'choose another one',
      });
    }
    for (const earlier of await keys.listOfOrigin(transaction, accountId, 'environment')) {
      if (earlier.id !== present?.id) await keys.revoke(transaction, earlier.id, clock.now());
    }
    if (present === null) {
      await keyService.store(transaction, { ...termsOf(accountId, role), text, origin: 'environment' });
    }
    return null;
  }

  async #revokeAutomatic(transaction: Transaction, accountId: string): Promise<void> {
    const { keys, clock } = this.#parts;
    for (const { id } of await keys.listOfOrigin(transaction, accountId, 'development')) {
      await keys.revoke(transaction, id, clock.now());
    }
  }

  async #grant(transaction: Transaction, accountId: string, amount: bigint): Promise<void> {
    await this.#parts.ledger.grant(transaction, {
      accountId,
      amount,
      note: 'credits to try things with',
      idempotencyKey: null,
    });
  }
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
