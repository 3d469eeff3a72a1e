import type { EaselClient } from '@easel/client';
import type { Account, KeyCreate, KeyScope } from '@easel/contract';
import { keyScopes } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { CliContext } from '../cli-context.ts';
import type { CreateKeyFlags } from '../commands/keys.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { connect } from '../remote/connect.ts';
import { findAccount } from '../remote/find-account.ts';
import { printJson } from '../remote/print-json.ts';

/** `easel keys create`: standard output has the key and nothing else, so that a script can keep it. */
export async function createKey(
  name: string,
  flags: CreateKeyFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const terms = termsOf(flags);
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const account = await accountOf(client, flags, signal);
  const key = await client.admin.createKey({ account_id: account.id, name, ...terms }, { signal });
  if (flags.json) {
    printJson(context, key);
    return exitStatus.ok;
  }
  context.stdout.write(`${key.key}\n`);
  const end = key.expires_at === null ? '' : `, until ${key.expires_at}`;
  context.stderr.write(
    `Key ${key.name} of ${account.name}, scopes ${key.scopes.join(', ')}${end}, id ${key.id}.\n` +
      'Keep the key now: it is not shown again.\n',
  );
  return exitStatus.ok;
}

function accountOf(client: EaselClient, flags: CreateKeyFlags, signal: AbortSignal): Promise<Account> {
  if (flags.newAccount) return client.admin.createAccount({ name: flags.account }, { signal });
  return findAccount(client, flags.account, signal);
}

function termsOf({ scopes, models, expires, monthlyBudget, rateLimit }: CreateKeyFlags): Partial<KeyCreate> {
  return {
    ...(scopes !== undefined && { scopes: scopes.filter(isScope) }),
    ...(models !== undefined && { models }),
    ...(expires !== undefined && { expires_at: timeOf(expires) }),
    ...(monthlyBudget !== undefined && { monthly_budget: monthlyBudget }),
    ...(rateLimit !== undefined && { rate_limit: rateLimit }),
  };
}

/** The command line has refused all others. */
function isScope(text: string): text is KeyScope {
  return keyScopes.some((scope) => scope === text);
}

/** A day begins at midnight UTC. @throws CodedError `usage` for what is no time, or is past: the key would be dead at once */
function timeOf(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (time <= Date.now()) {
    throw new CodedError(
      'usage',
      `--expires must be in the future (got ${text}, and it is ${new Date().toISOString()})`,
    );
  }
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new CodedError('usage', `--expires must be a time such as 2027-01-31T12:00:00Z (got ${JSON.stringify(text)})`);
}
