import { randomUUID } from 'node:crypto';
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
  const reason = flags.reason ?? flags.note;
  // Sent again by itself when the connection is lost: under one key it is one grant.
  const options = { signal, idempotencyKey: randomUUID() };
  const grant = await client.admin.grant(
    { account_id: account.id, amount, ...(reason !== undefined && { reason }) },
    options,
  );
  if (flags.json) printJson(context, grant);
  else context.stderr.write(`${account.name} ${changeOf(grant.amount)} and can spend ${grant.remaining} now.\n`);
  return exitStatus.ok;
}

function changeOf(amount: number): string {
  return amount < 0 ? `lost ${-amount} credits` : `got ${amount} credits`;
}
