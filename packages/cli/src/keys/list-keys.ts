import type { Key } from '@easel/contract';
import type { CliContext } from '../cli-context.ts';
import type { ListKeysFlags } from '../commands/keys.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { connect } from '../remote/connect.ts';
import { findAccount } from '../remote/find-account.ts';
import { printJson } from '../remote/print-json.ts';
import { table } from '../remote/table.ts';

/** `easel keys list` */
export async function listKeys(flags: ListKeysFlags, context: CliContext, signal: AbortSignal): Promise<ExitStatus> {
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const account = flags.account === undefined ? undefined : await findAccount(client, flags.account, signal);
  const { keys } = await client.admin.listKeys(account && { account_id: account.id }, { signal });
  if (flags.json) {
    printJson(context, keys);
    return exitStatus.ok;
  }
  const names = new Map<string, string>();
  for await (const { id, name } of client.admin.allAccounts({ limit: 100 }, { signal })) names.set(id, name);
  const rows = keys.map((key) => [
    key.id,
    `…${key.hint}`,
    key.name,
    names.get(key.account_id) ?? key.account_id,
    key.scopes.join(' '),
    stateOf(key),
    `${key.spent_this_month}${key.monthly_budget === null ? '' : ` of ${key.monthly_budget}`}`,
  ]);
  context.stdout.write(table([['id', 'key', 'name', 'account', 'scopes', 'state', 'spent this month'], ...rows]));
  return exitStatus.ok;
}

function stateOf({ revoked_at: revoked, expires_at: expires }: Key): string {
  if (revoked !== null) return `revoked ${revoked.slice(0, 10)}`;
  if (expires === null) return 'active';
  return Date.parse(expires) <= Date.now() ? `expired ${expires.slice(0, 10)}` : `until ${expires.slice(0, 10)}`;
}
