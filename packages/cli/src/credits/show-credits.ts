import type { CliContext } from '../cli-context.ts';
import type { ShowCreditsFlags } from '../commands/credits.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { connect } from '../remote/connect.ts';
import { findAccount } from '../remote/find-account.ts';
import { printJson } from '../remote/print-json.ts';
import { table } from '../remote/table.ts';

/** `easel credits show` */
export async function showCredits(
  flags: ShowCreditsFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const isOwn = flags.account === undefined;
  const { client } = await connect(flags, context, isOwn ? ['EASEL_API_KEY', 'EASEL_ADMIN_KEY'] : ['EASEL_ADMIN_KEY']);
  const credits = isOwn ? await client.account.credits({ signal }) : await findAccount(client, flags.account, signal);
  if (flags.json) {
    printJson(context, credits);
    return exitStatus.ok;
  }
  const { balance, held, remaining } = credits;
  context.stdout.write(
    table([
      ['balance', 'held', 'remaining'],
      [String(balance), String(held), String(remaining)],
    ]),
  );
  return exitStatus.ok;
}
