import type { CliContext } from '../cli-context.ts';
import type { GrantCreditsFlags } from '../commands/credits.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { connect } from '../remote/connect.ts';
import { findAccount } from '../remote/find-account.ts';
import { printJson } from '../remote/print-json.ts';

/** `easel credits grant` */
export async function grantCredits(
  amount: number,
  flags: GrantCreditsFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const account = await findAccount(client, flags.account, signal);
  const { note } = flags;
  const grant = await client.admin.grant(
    { account_id: account.id, amount, ...(note !== undefined && { note }) },
    { signal },
  );
  if (flags.json) printJson(context, grant);
  else context.stderr.write(`${account.name} got ${grant.amount} credits and can spend ${grant.remaining} now.\n`);
  return exitStatus.ok;
}
