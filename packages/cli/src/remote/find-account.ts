import type { EaselClient } from '@easel/client';
import type { Account } from '@easel/contract';
import { CliError } from '../cli-error.ts';

/** The account of that name or id. @throws CliError `not_found` with the names that there are */
export async function findAccount({ admin }: EaselClient, nameOrId: string, signal: AbortSignal): Promise<Account> {
  const names: string[] = [];
  for await (const account of admin.allAccounts({ limit: 100 }, { signal })) {
    if (account.id === nameOrId || account.name === nameOrId) return account;
    names.push(account.name);
  }
  throw new CliError('not_found', `there is no account ${JSON.stringify(nameOrId)}; there are ${names.join(', ')}`, {
    hint: '--new-account makes one',
  });
}
