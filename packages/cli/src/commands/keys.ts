import type { EaselClient } from '@easel/client';
import type { Account, Key, KeyPatch, KeyScope } from '@easel/contract';
import { keyScopes, limits } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, number, orNone, type ServerAddressFlags, serverOption, wholeNumber } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

interface KeysFlags extends ServerAddressFlags {
  readonly json?: boolean;
}

interface CreateKeyFlags extends KeysFlags {
  readonly account: string;
  readonly newAccount?: boolean;
  readonly scopes?: string[];
  readonly models?: string[];
  readonly expires?: string;
  readonly monthlyBudget?: number;
  readonly rateLimit?: number;
}

interface UpdateKeyFlags extends KeysFlags {
  readonly name?: string;
  readonly scopes?: string[];
  readonly models?: string[];
  readonly allModels?: boolean;
  readonly expires?: string;
  readonly monthlyBudget?: number | 'none';
  readonly rateLimit?: number | 'none';
}

interface ListKeysFlags extends KeysFlags {
  readonly account?: string;
}

/** `easel keys` */
export function keysCommand(run: RunCommand): Command {
  const keys = new Command('keys').description('Manage the API keys of a running server. Needs an admin key.');
  const create = withAdminOptions(new Command('create'))
    .description('Create a key. It is printed once and cannot be shown again.')
    .argument('<name>', 'a name for the key')
    .requiredOption('--account <name|id>', 'the account that the key belongs to')
    .option('--new-account', 'create the account, without credits')
    .addOption(new Option('--scopes <scope...>', 'what the key may do (default: generate read)').choices(keyScopes))
    .option('--models <model...>', 'the only models that the key may use (default: all)')
    .option('--expires <time>', 'a day or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z (default: never)')
    .option(
      '--monthly-budget <credits>',
      'spending limit per month (default: no limit but the balance of the account)',
      number('--monthly-budget', 0, limits.credits.max),
    )
    .option(
      '--rate-limit <n>',
      "requests per minute that create work (default: the server's limit)",
      wholeNumber('--rate-limit', 1, limits.requestsPerMinute.max),
    )
    .action((name: string, flags: CreateKeyFlags) => run((context) => createKey(name, flags, context)));
  const list = withAdminOptions(new Command('list'))
    .description('List the keys, newest first, including revoked ones.')
    .option('--account <name|id>', 'only those of this account')
    .action((flags: ListKeysFlags) => run((context) => listKeys(flags, context)));
  const update = withAdminOptions(new Command('update'))
    .description('Change a key; what is not given stays as it is.')
    .argument('<id>', 'the id of the key, as `easel keys list` shows it', keyId)
    .option('--name <text>', 'another name')
    .addOption(new Option('--scopes <scope...>', 'what the key may do').choices(keyScopes))
    .option('--models <model...>', 'the only models that the key may use')
    .option('--all-models', 'let the key use all models')
    .option('--expires <time>', 'a day or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z; never')
    .option(
      '--monthly-budget <credits>',
      'spending limit per month; none: no limit but the balance of the account',
      orNone(number('--monthly-budget', 0, limits.credits.max)),
    )
    .option(
      '--rate-limit <n>',
      "requests per minute that create work; none: the server's limit",
      orNone(wholeNumber('--rate-limit', 1, limits.requestsPerMinute.max)),
    )
    .action((id: string, flags: UpdateKeyFlags) => run((context) => updateKey(id, flags, context)));
  const revoke = withAdminOptions(new Command('revoke'))
    .description('Revoke a key permanently.')
    .argument('<id>', 'the id of the key, as `easel keys list` shows it', keyId)
    .action((id: string, flags: KeysFlags) => run((context) => revokeKey(id, flags, context)));
  return keys.addCommand(create).addCommand(list).addCommand(update).addCommand(revoke);
}

/** Keys have names too, which need not be unique, so people try those. */
function keyId(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  // What was given may be the key itself, which is a secret.
  throw new CodedError('usage', '<id> must be the id of a key, not its name or the key', {
    remedy: 'easel keys list shows the ids',
  });
}

function withAdminOptions(command: Command): Command {
  return command
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON');
}

/** Standard output has the key and nothing else, so that a script can keep it. */
async function createKey(name: string, flags: CreateKeyFlags, context: CommandContext): Promise<ExitStatus> {
  const settings = keySettings(flags);
  const { signal } = context.interruption;
  const { client } = await connectAsAdmin(flags, context);
  const account = await accountFor(client, flags, signal);
  const creating = client.admin.createKey({ account_id: account.id, name, ...settings }, { signal });
  const key = await creating.catch((error: unknown) => {
    // The next attempt would find the name taken.
    if (flags.newAccount)
      context.stderr.write(`The account ${account.name} has been created: run it again without --new-account.\n`);
    throw error;
  });
  if (flags.json) {
    printJson(context, key);
    return exitStatus.ok;
  }
  context.stdout.write(`${key.key}\n`);
  const expiry = key.expires_at === null ? '' : `, expires ${key.expires_at}`;
  context.stderr.write(
    `Created key ${key.name} of ${account.name}, scopes ${key.scopes.join(', ')}${expiry}, id ${key.id}.\n` +
      'Save the key now: it is not shown again.\n',
  );
  return exitStatus.ok;
}

/** What works on a server is loaded when a command needs it: help does not wait for the client. */
async function connectAsAdmin(flags: KeysFlags, context: CommandContext) {
  const { connect } = await import('../connect.ts');
  return connect(flags, context, ['EASEL_ADMIN_KEY']);
}

async function accountFor(client: EaselClient, flags: CreateKeyFlags, signal: AbortSignal): Promise<Account> {
  if (flags.newAccount) return client.admin.createAccount({ name: flags.account }, { signal });
  const { findAccount } = await import('../connect.ts');
  return findAccount(client, flags.account, signal);
}

type KeyTermsFlags = Pick<CreateKeyFlags, 'scopes' | 'models' | 'expires' | 'monthlyBudget' | 'rateLimit'>;

function keySettings({ scopes, models, expires, monthlyBudget, rateLimit }: KeyTermsFlags): Omit<KeyPatch, 'name'> {
  return {
    ...(scopes !== undefined && { scopes: scopes.filter(isScope) }),
    ...(models !== undefined && { models }),
    ...(expires !== undefined && { expires_at: parseExpiry(expires) }),
    ...(monthlyBudget !== undefined && { monthly_budget: monthlyBudget }),
    ...(rateLimit !== undefined && { rate_limit: rateLimit }),
  };
}

/** The command line has refused all others. */
function isScope(text: string): text is KeyScope {
  return keyScopes.some((scope) => scope === text);
}

/** A day begins at midnight UTC. @throws CodedError `usage` for what is not a time, or is in the past */
function parseExpiry(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (time <= Date.now()) {
    throw new CodedError(
      'usage',
      `--expires must be in the future (got ${text}; now it is ${new Date().toISOString()})`,
    );
  }
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new CodedError('usage', `--expires must be a time such as 2027-01-31T12:00:00Z (got ${JSON.stringify(text)})`);
}

async function listKeys(flags: ListKeysFlags, context: CommandContext): Promise<ExitStatus> {
  const { signal } = context.interruption;
  const { findAccount } = await import('../connect.ts');
  const { client } = await connectAsAdmin(flags, context);
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
    describeState(key),
    `${key.spent_this_month}${key.monthly_budget === null ? '' : ` of ${key.monthly_budget}`}`,
  ]);
  context.stdout.write(formatTable([['id', 'key', 'name', 'account', 'scopes', 'state', 'spent this month'], ...rows]));
  return exitStatus.ok;
}

function describeState({ revoked_at: revoked, expires_at: expires }: Key): string {
  if (revoked !== null) return `revoked ${revoked.slice(0, 10)}`;
  if (expires === null) return 'active';
  return Date.parse(expires) <= Date.now() ? `expired ${expires.slice(0, 10)}` : `until ${expires.slice(0, 10)}`;
}

async function updateKey(id: string, flags: UpdateKeyFlags, context: CommandContext): Promise<ExitStatus> {
  const changes = keyChanges(flags);
  if (Object.keys(changes).length === 0) {
    throw new CodedError('usage', 'there is nothing to change', {
      remedy: 'easel keys update --help shows the options',
    });
  }
  const { client } = await connectAsAdmin(flags, context);
  const key = await client.admin.changeKey(id, changes, { signal: context.interruption.signal });
  if (flags.json) printJson(context, key);
  else context.stderr.write(`Changed key ${key.name} (…${key.hint}): ${describeTerms(key)}.\n`);
  return exitStatus.ok;
}

function keyChanges({ name, allModels, expires, monthlyBudget, rateLimit, ...terms }: UpdateKeyFlags): KeyPatch {
  if (allModels === true && terms.models !== undefined) {
    throw new CodedError('usage', '--models and --all-models cannot be given together');
  }
  return {
    ...(name !== undefined && { name }),
    ...keySettings({ ...terms, ...(expires !== undefined && expires !== 'never' && { expires }) }),
    ...(allModels === true && { models: null }),
    ...(expires === 'never' && { expires_at: null }),
    ...(monthlyBudget !== undefined && { monthly_budget: monthlyBudget === 'none' ? null : monthlyBudget }),
    ...(rateLimit !== undefined && { rate_limit: rateLimit === 'none' ? null : rateLimit }),
  };
}

function describeTerms(key: Key): string {
  const { scopes, models, monthly_budget: budget, rate_limit: rateLimit } = key;
  return [
    `scopes ${scopes.join(', ')}`,
    `models ${models === null ? 'all' : models.join(', ')}`,
    `monthly budget ${budget ?? 'none'}`,
    `rate limit ${rateLimit ?? "the server's"}`,
    describeState(key),
  ].join('; ');
}

async function revokeKey(id: string, flags: KeysFlags, context: CommandContext): Promise<ExitStatus> {
  const { client } = await connectAsAdmin(flags, context);
  const key = await client.admin.revokeKey(id, { signal: context.interruption.signal });
  if (flags.json) printJson(context, key);
  else context.stderr.write(`Revoked key ${key.name} (…${key.hint}).\n`);
  return exitStatus.ok;
}
