import { randomUUID } from 'node:crypto';
import { limits } from '@easel/contract/fields';
import { Command } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, number, type ServerAddressFlags, serverOption } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

interface GrantCreditsFlags extends ServerAddressFlags {
  readonly account: string;
  readonly reason?: string;
  readonly note?: string;
  readonly allowNegative?: boolean;
  readonly json?: boolean;
}

interface RefundFlags extends ServerAddressFlags {
  readonly reason: string;
  readonly amount?: number;
  readonly json?: boolean;
}

interface ShowCreditsFlags extends ServerAddressFlags {
  readonly account?: string;
  readonly json?: boolean;
}

/** `easel credits` */
export function creditsCommand(run: RunCommand): Command {
  const credits = new Command('credits').description(
    'Grant and refund credits on a running server, and show balances.',
  );
  const grant = new Command('grant')
    .description('Grant credits to an account, or take some back. Needs an admin key.')
    .argument(
      '<amount>',
      'at most six decimal places; a negative amount takes credits back and needs --reason',
      number('<amount>', -limits.credits.max, limits.credits.max),
    )
    .requiredOption('--account <name|id>', 'the account that gets them')
    .option('--reason <text>', 'why; it is recorded in the ledger')
    .option('--note <text>', 'the same as --reason')
    .option('--allow-negative', 'let a negative amount leave less than nothing')
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON')
    .action((amount: number, flags: GrantCreditsFlags) => run((context) => grantCredits(amount, flags, context)));
  const refund = new Command('refund')
    .description('Refund a job that was charged; once. Needs an admin key.')
    .argument('<job>', 'the id of the job')
    .requiredOption('--reason <text>', 'why; it is recorded in the ledger')
    .option(
      '--amount <credits>',
      'a part of what the job was charged (default: all of it)',
      number('--amount', 0.000001, limits.credits.max),
    )
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON')
    .action((job: string, flags: RefundFlags) => run((context) => refundJob(job, flags, context)));
  const show = new Command('show')
    .description("Show the balance of the key's own account, or with an admin key of another account.")
    .option('--account <name|id>', 'another account; needs an admin key')
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_API_KEY; with --account EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON')
    .action((flags: ShowCreditsFlags) => run((context) => showCredits(flags, context)));
  return credits.addCommand(grant).addCommand(refund).addCommand(show);
}

async function grantCredits(amount: number, flags: GrantCreditsFlags, context: CommandContext): Promise<ExitStatus> {
  const { connect, findAccount } = await import('../connect.ts');
  const { signal } = context.interruption;
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const account = await findAccount(client, flags.account, signal);
  const reason = flags.reason ?? flags.note;
  // The client sends it again when the connection is lost: under one key it is one grant.
  const options = { signal, idempotencyKey: randomUUID() };
  const grant = await client.admin.grant(
    {
      account_id: account.id,
      amount,
      ...(reason !== undefined && { reason }),
      ...(flags.allowNegative === true && { allow_negative: true }),
    },
    options,
  );
  if (flags.json) {
    printJson(context, grant);
    return exitStatus.ok;
  }
  const done =
    grant.amount < 0
      ? `Took ${-grant.amount} credits back from ${account.name}`
      : `Granted ${grant.amount} credits to ${account.name}`;
  context.stderr.write(`${done}; available now: ${grant.remaining}.\n`);
  return exitStatus.ok;
}

async function refundJob(job: string, flags: RefundFlags, context: CommandContext): Promise<ExitStatus> {
  const { connect } = await import('../connect.ts');
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const options = { signal: context.interruption.signal, idempotencyKey: randomUUID() };
  const { reason, amount } = flags;
  const refund = await client.admin.refund(job, { reason, ...(amount !== undefined && { amount }) }, options);
  if (flags.json) printJson(context, refund);
  else context.stderr.write(`Refunded ${refund.amount} credits of job ${job}; available now: ${refund.remaining}.\n`);
  return exitStatus.ok;
}

async function showCredits(flags: ShowCreditsFlags, context: CommandContext): Promise<ExitStatus> {
  const { connect, findAccount } = await import('../connect.ts');
  const { signal } = context.interruption;
  const isOwn = flags.account === undefined;
  const { client } = await connect(flags, context, isOwn ? ['EASEL_API_KEY', 'EASEL_ADMIN_KEY'] : ['EASEL_ADMIN_KEY']);
  const credits = isOwn ? await client.account.credits({ signal }) : await findAccount(client, flags.account, signal);
  if (flags.json) {
    printJson(context, credits);
    return exitStatus.ok;
  }
  const { balance, held, remaining } = credits;
  context.stdout.write(
    formatTable([
      ['balance', 'held', 'remaining'],
      [String(balance), String(held), String(remaining)],
    ]),
  );
  return exitStatus.ok;
}
