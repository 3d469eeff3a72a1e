import type { KeyScope } from '@easel/contract';
import { DomainError } from './domain-error.ts';
import { newId } from './ids.ts';
import { hashOfKey, isKeyText, newKeyText } from './key-text.ts';
import { DEVELOPMENT, type KeyService, type KeyServiceParts } from './keys.ts';
import type { Account } from './ports/accounts.ts';
import type { Transaction } from './ports/database.ts';
import type { KeyTerms } from './ports/keys.ts';

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

/** The keys that a server has from its first start on. Several processes may call this at once: one of them makes the key. */
export class StartingKeys {
  readonly #parts: StartingKeysParts;

  constructor(parts: StartingKeysParts) {
    this.#parts = parts;
  }

  /**
   * Makes the admin key unless there ever was one. A fixed key replaces the one that was fixed before.
   *
   * @returns the key's text when it has just been drawn and must be shown now; null otherwise
   * @throws DomainError `invalid_request` for a fixed key of another shape, `conflict` for one that cannot be used
   */
  ensureAdminKey({ fixed }: AdminKeyOptions): Promise<string | null> {
    return this.#inAccount(admin, async (transaction, { id }) => {
      if (fixed !== null) return this.#fix(transaction, id, admin, fixed);
      return this.#drawOnce(transaction, id, admin);
    });
  }

  /**
   * The same for the key of the development account, which has credits to try things with. It is meant for the machine it was
   * shown on: where others can reach the server, an automatic one is revoked and none is made; a fixed one stays.
   */
  ensureDevelopmentKey({ fixed, credits, isLoopback }: DevelopmentKeyOptions): Promise<string | null> {
    return this.#inAccount(development, async (transaction, { id, isNew }) => {
      if (isNew && credits > 0n) await this.#grant(transaction, id, credits);
      if (!isLoopback) await this.#revokeAutomatic(transaction, id);
      if (fixed !== null) return this.#fix(transaction, id, development, fixed);
      return isLoopback ? this.#drawOnce(transaction, id, development) : null;
    });
  }

  /** In one transaction that has the account, made if need be, to itself. */
  #inAccount<Result>(
    { account: name }: Role,
    work: (transaction: Transaction, account: Pick<Account, 'id'> & { readonly isNew: boolean }) => Promise<Result>,
  ): Promise<Result> {
    const { database, accounts, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const id = newId(clock.now().getTime());
      const isNew = await accounts.insert(transaction, { id, name, maxConcurrent: null, maxQueued: null });
      const account = await accounts.lockByName(transaction, name);
      if (account === null) throw new DomainError('server_error', `the account "${name}" could not be made`);
      return work(transaction, { id: account.id, isNew });
    });
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
    requireKeyText(text, role);
    const present = await keys.findByHash(transaction, hashOfKey(secret, text));
    if (present !== null && (present.accountId !== accountId || present.revokedAt !== null)) {
      const reason = present.revokedAt === null ? 'belongs to another account' : 'was revoked';
      throw new DomainError('conflict', `${role.setting} is a key that ${reason}; choose another one`);
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
    await this.#parts.ledger.grant(transaction, { accountId, amount, note: 'credits to try things with' });
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

/** The value itself is a secret, so the text says what it should be, not what it is. */
function requireKeyText(text: string, { setting }: Role): void {
  if (isKeyText(text)) return;
  throw new DomainError(
    'invalid_request',
    `${setting} must be SG_ and 16 lower-case hexadecimal digits, as in SG_0123456789abcdef (got ${text.length} characters)`,
  );
}
