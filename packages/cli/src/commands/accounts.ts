import type { Account, AccountPatch, AuditEntry } from '@easel/contract';
import { limits, refillModes } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, number, orNone, type ServerAddressFlags, serverOption, wholeNumber } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

interface AccountsFlags extends ServerAddressFlags {
  readonly json?: boolean;
}

interface AccountTermsFlags extends AccountsFlags {
  readonly name?: string;
  readonly maxConcurrent?: number | 'none';
  readonly maxQueued?: number | 'none';
  readonly refill?: number | 'none';
  readonly refillDay?: number;
  readonly refillMode?: (typeof refillModes)[number];
}

interface AuditFlags extends AccountsFlags {
  readonly account?: string;
  readonly limit: number;
}

/** `easel accounts` */
export function accountsCommand(run: RunCommand): Command {
  const accounts = new Command('accounts').description('Manage the accounts of a running server. Needs an admin key.');
  const list = withAdminOptions(new Command('list'))
    .description('List the accounts with their balances, newest first.')
    .action((flags: AccountsFlags) => run((context) => listAccounts(flags, context)));
  const create = withTerms(withAdminOptions(new Command('create')))
    .description('Create an account, without credits.')
    .argument('<name>', 'a name that no other account has')
    .action((name: string, flags: AccountTermsFlags) => run((context) => createAccount(name, flags, context)));
  const update = withTerms(withAdminOptions(new Command('update')))
    .description('Change an account; what is not given stays as it is.')
    .argument('<name|id>', 'the account')
    .option('--name <text>', 'another name')
    .action((account: string, flags: AccountTermsFlags) => run((context) => updateAccount(account, flags, context)));
  const close = withAdminOptions(new Command('close'))
    .description('Close an account: its keys are revoked, its queued jobs cancelled and refunded; its balance stays.')
    .argument('<name|id>', 'the account')
    .action((account: string, flags: AccountsFlags) => run((context) => closeAccount(account, flags, context)));
  const reopen = withAdminOptions(new Command('reopen'))
    .description('Reopen a closed account. It needs new keys.')
    .argument('<name|id>', 'the account')
    .action((account: string, flags: AccountsFlags) => run((context) => reopenAccount(account, flags, context)));
  const audit = withAdminOptions(new Command('audit'))
    .description('List what administrators did, newest first.')
    .option('--account <name|id>', 'only what is about this account')
    .option('--limit <n>', 'at most so many entries', wholeNumber('--limit', 1, 1_000_000), 30)
    .action((flags: AuditFlags) => run((context) => listAudit(flags, context)));
  for (const command of [list, create, update, close, reopen, audit]) accounts.addCommand(command);
  return accounts;
}

function withAdminOptions(command: Command): Command {
  return command
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON');
}

function withTerms(command: Command): Command {
  const { concurrent, queued, refillDay, credits } = limits;
  return command
    .option(
      '--max-concurrent <n>',
      "jobs that may run at the same time; none: the server's limit",
      orNone(wholeNumber('--max-concurrent', concurrent.min, concurrent.max)),
    )
    .option(
      '--max-queued <n>',
      "jobs that may wait; none: the server's limit",
      orNone(wholeNumber('--max-queued', queued.min, queued.max)),
    )
    .option(
      '--refill <credits>',
      'credits that the account gets each month; none: no refill',
      orNone(number('--refill', 0.000001, credits.max)),
    )
    .option(
      '--refill-day <n>',
      'the day of the month, in UTC; in a shorter month its last day (default: 1)',
      wholeNumber('--refill-day', refillDay.min, refillDay.max),
    )
    .addOption(
      new Option(
        '--refill-mode <mode>',
        'add: the credits are added; top_up: the balance, with what is held for jobs, is raised to them (default: add)',
      ).choices(refillModes),
    );
}

/** What works on a server is loaded when a command needs it: help does not wait for the client. */
async function connectTo(flags: AccountsFlags, context: CommandContext) {
  const { connect, findAccount } = await import('../connect.ts');
  const { signal } = context.interruption;
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  return { admin: client.admin, signal, find: (account: string) => findAccount(client, account, signal) };
}

async function listAccounts(flags: AccountsFlags, context: CommandContext): Promise<ExitStatus> {
  const { admin, signal } = await connectTo(flags, context);
  const accounts: Account[] = [];
  for await (const account of admin.allAccounts({ limit: 100 }, { signal })) accounts.push(account);
  if (flags.json) {
    printJson(context, accounts);
    return exitStatus.ok;
  }
  const rows = accounts.map((account) => [
    account.id,
    account.name,
    String(account.balance),
    String(account.held),
    describeRefill(account),
    account.closed_at === null ? 'open' : `closed ${account.closed_at.slice(0, 10)}`,
  ]);
  context.stdout.write(formatTable([['id', 'name', 'balance', 'held', 'refill', 'state'], ...rows]));
  return exitStatus.ok;
}

function describeRefill({ refill }: Account): string {
  if (refill === null) return '';
  const what = refill.mode === 'add' ? `+${refill.amount}` : `up to ${refill.amount}`;
  return `${what} on day ${refill.day}${refill.next_at === null ? '' : `, next ${refill.next_at.slice(0, 10)}`}`;
}

async function createAccount(name: string, flags: AccountTermsFlags, context: CommandContext): Promise<ExitStatus> {
  const terms = accountTerms(flags, null);
  const { admin, signal } = await connectTo(flags, context);
  const account = await admin.createAccount({ ...terms, name }, { signal });
  if (flags.json) printJson(context, account);
  else context.stderr.write(`Created account ${account.name}, id ${account.id}.\n`);
  return exitStatus.ok;
}

async function updateAccount(nameOrId: string, flags: AccountTermsFlags, context: CommandContext): Promise<ExitStatus> {
  const { json: _, server: __, apiKeyFile: ___, ...given } = flags;
  if (Object.keys(given).length === 0) {
    const remedy = 'easel accounts update --help shows the options';
    throw new CodedError('usage', 'there is nothing to change', { remedy });
  }
  const { admin, signal, find } = await connectTo(flags, context);
  const before = await find(nameOrId);
  const account = await admin.changeAccount(before.id, accountTerms(flags, before.refill), { signal });
  if (flags.json) printJson(context, account);
  else {
    const refill = describeRefill(account);
    context.stderr.write(`Changed account ${account.name}${refill === '' ? '' : `; refill ${refill}`}.\n`);
  }
  return exitStatus.ok;
}

/** @param refill the present one, of which what is not given stays @throws CodedError `usage` for terms of a refill without an amount */
function accountTerms(flags: AccountTermsFlags, refill: Account['refill']): AccountPatch {
  const { name, maxConcurrent, maxQueued } = flags;
  return {
    ...(name !== undefined && { name }),
    ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent === 'none' ? null : maxConcurrent }),
    ...(maxQueued !== undefined && { max_queued: maxQueued === 'none' ? null : maxQueued }),
    ...refillTerms(flags, refill),
  };
}

function refillTerms(
  { refill: amount, refillDay, refillMode }: AccountTermsFlags,
  present: Account['refill'],
): Pick<AccountPatch, 'refill'> {
  if (amount === 'none') return { refill: null };
  if (amount === undefined && refillDay === undefined && refillMode === undefined) return {};
  const whole = amount ?? present?.amount;
  if (whole === undefined) {
    throw new CodedError('usage', '--refill-day and --refill-mode need the amount', { remedy: 'add --refill CREDITS' });
  }
  return { refill: { amount: whole, day: refillDay ?? present?.day ?? 1, mode: refillMode ?? present?.mode ?? 'add' } };
}

async function closeAccount(nameOrId: string, flags: AccountsFlags, context: CommandContext): Promise<ExitStatus> {
  const { admin, signal, find } = await connectTo(flags, context);
  const { id } = await find(nameOrId);
  const closed = await admin.closeAccount(id, { signal });
  if (flags.json) {
    printJson(context, closed);
    return exitStatus.ok;
  }
  const { account, revoked_keys: keys, cancelled_jobs: jobs } = closed;
  context.stderr.write(
    `Closed account ${account.name}; keys revoked: ${keys}; queued jobs cancelled and refunded: ${jobs}.\n` +
      `Its balance is ${account.balance}${account.held > 0 ? `, of which ${account.held} is held for running jobs` : ''}.\n`,
  );
  return exitStatus.ok;
}

async function reopenAccount(nameOrId: string, flags: AccountsFlags, context: CommandContext): Promise<ExitStatus> {
  const { admin, signal, find } = await connectTo(flags, context);
  const { id } = await find(nameOrId);
  const account = await admin.reopenAccount(id, { signal });
  if (flags.json) printJson(context, account);
  else context.stderr.write(`Account ${account.name} is open; create new keys for it with easel keys create.\n`);
  return exitStatus.ok;
}

async function listAudit(flags: AuditFlags, context: CommandContext): Promise<ExitStatus> {
  const { admin, signal, find } = await connectTo(flags, context);
  const about = flags.account === undefined ? {} : { account_id: (await find(flags.account)).id };
  const entries: AuditEntry[] = [];
  for await (const entry of admin.wholeAudit({ ...about, limit: Math.min(flags.limit, 100) }, { signal })) {
    entries.push(entry);
    if (entries.length === flags.limit) break;
  }
  if (flags.json) {
    printJson(context, entries);
    return exitStatus.ok;
  }
  const rows = entries.map((entry) => [
    entry.created_at,
    entry.key_name,
    entry.client,
    entry.action,
    entry.subject ?? '',
    String(entry.status ?? '?'),
    JSON.stringify(entry.details),
  ]);
  context.stdout.write(formatTable([['time', 'key', 'client', 'action', 'about', 'status', 'details'], ...rows]));
  return exitStatus.ok;
}
