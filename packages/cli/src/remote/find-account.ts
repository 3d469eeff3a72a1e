import type { EaselClient } from '@easel/client';
import type { Account } from '@easel/contract';
import { CodedError } from '@easel/errors';

/** Names in a message. */
const MAX_NAMES = 20;

/** The account of that name or id. @throws CodedError `not_found` with the names that there are */
export async function findAccount({ admin }: EaselClient, nameOrId: string, signal: AbortSignal): Promise<Account> {
  const names: string[] = [];
  for await (const account of admin.allAccounts({ limit: 100 }, { signal })) {
    if (account.id === nameOrId || account.name === nameOrId) return account;
    names.push(account.name);
  }
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const known = `${names.slice(0, MAX_NAMES).join(', ')}${others}`;
  throw new CodedError('not_found', `there is no account ${JSON.stringify(nameOrId)}; there are ${known}`, {
    remedy: 'easel keys create NAME --account ACCOUNT --new-account makes one',
  });
}
