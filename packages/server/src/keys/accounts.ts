import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import type { Account, AccountChanges, Accounts, AccountsPage, NewAccount } from './accounts-port.ts';

export interface AccountServiceParts {
  readonly database: Database;
  readonly accounts: Accounts;
}

/** Who keys, jobs and credits belong to. */
export class AccountService {
  readonly #parts: AccountServiceParts;

  constructor(parts: AccountServiceParts) {
    this.#parts = parts;
  }

  /** A new account has no credits. @throws DomainError `conflict` when the name is taken */
  create(account: Omit<NewAccount, 'id'>): Promise<Account> {
    const { database, accounts } = this.#parts;
    const id = newId();
    return database.transaction(async (transaction) => {
      if (!(await accounts.insert(transaction, { ...account, id }))) throw nameTaken(account.name);
      return (await accounts.find(transaction, id)) ?? noAccount(id);
    });
  }

  /** What is absent stays. A new limit holds for jobs from now on. @throws DomainError `not_found`, `conflict` when the name is taken */
  async change(id: string, changes: AccountChanges): Promise<Account> {
    const { database, accounts } = this.#parts;
    const changed = await database.transaction((transaction) => accounts.change(transaction, id, changes));
    if (changed === false) throw nameTaken(changes.name ?? '');
    return changed ?? noAccount(id);
  }

  /** @throws DomainError `not_found` */
  async get(id: string): Promise<Account> {
    const { database, accounts } = this.#parts;
    return (await database.transaction((transaction) => accounts.find(transaction, id))) ?? noAccount(id);
  }

  /** Newest first. */
  list(page: AccountsPage): Promise<Account[]> {
    const { database, accounts } = this.#parts;
    return database.transaction((transaction) => accounts.list(transaction, page));
  }
}

function nameTaken(name: string): DomainError {
  const message = `there is an account named "${name}" already; choose another name`;
  return new DomainError('conflict', message, { param: 'name' });
}

function noAccount(id: string): never {
  throw new DomainError('not_found', `there is no account ${id}`);
}
