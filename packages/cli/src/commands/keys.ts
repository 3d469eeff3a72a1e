import { keyScopes, limits } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import { number, wholeNumber } from '../arguments/number-argument.ts';
import { apiKeyFileOption, type ServerAddressFlags, serverOption } from './server-options.ts';

export interface KeysFlags extends ServerAddressFlags {
  readonly json?: boolean;
}

export interface CreateKeyFlags extends KeysFlags {
  readonly account: string;
  readonly newAccount?: boolean;
  readonly scopes?: string[];
  readonly models?: string[];
  readonly expires?: string;
  readonly monthlyBudget?: number;
  readonly rateLimit?: number;
}

export interface ListKeysFlags extends KeysFlags {
  readonly account?: string;
}

export type CreateKeyAction = (name: string, flags: CreateKeyFlags) => Promise<void>;
export type ListKeysAction = (flags: ListKeysFlags) => Promise<void>;
export type RevokeKeyAction = (key: string, flags: KeysFlags) => Promise<void>;

export interface KeysActions {
  readonly createKey: CreateKeyAction;
  readonly listKeys: ListKeysAction;
  readonly revokeKey: RevokeKeyAction;
}

/** `easel keys` */
export function keysCommand({ createKey, listKeys, revokeKey }: KeysActions): Command {
  const keys = new Command('keys').description(
    'Create, list and revoke the keys of a running server, with an admin key.',
  );
  const create = forAdmin(new Command('create'))
    .description('Create a key. It is printed once and cannot be shown again.')
    .argument('<name>', 'a name for it')
    .requiredOption('--account <name|id>', 'whose key it is')
    .option('--new-account', 'create the account, which has no credits yet')
    .addOption(new Option('--scopes <scope...>', 'its scopes (default: generate read)').choices(keyScopes))
    .option('--models <model...>', 'the only models it may use (default: all)')
    .option('--expires <time>', 'a day or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z (default: never)')
    .option(
      '--monthly-budget <credits>',
      'spending limit per month (default: none but the balance of the account)',
      number('--monthly-budget', 0, limits.credits.max),
    )
    .option(
      '--rate-limit <n>',
      "requests per minute that create work (default: the server's own limit)",
      wholeNumber('--rate-limit', 1, limits.requestsPerMinute.max),
    )
    .action((name: string, flags: CreateKeyFlags) => createKey(name, flags));
  const list = forAdmin(new Command('list'))
    .description('List the keys, newest first; revoked ones too.')
    .option('--account <name|id>', 'of this account only')
    .action((flags: ListKeysFlags) => listKeys(flags));
  const revoke = forAdmin(new Command('revoke'))
    .description('Revoke a key permanently.')
    .argument('<id>', 'its id, as `easel keys list` shows it', keyId)
    .action((id: string, flags: KeysFlags) => revokeKey(id, flags));
  return keys.addCommand(create).addCommand(list).addCommand(revoke);
}

/** Keys have names too, which need not be unique, so people try those. */
function keyId(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  // What was given may be the key itself, which is a secret.
  throw new CodedError('usage', '<id> must be the id of a key, not its name or the key', {
    remedy: 'easel keys list shows the ids',
  });
}

function forAdmin(command: Command): Command {
  return command
    .addOption(serverOption('http://127.0.0.1:8400 unless given'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server');
}
