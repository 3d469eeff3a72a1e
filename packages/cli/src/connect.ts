import { readFile } from 'node:fs/promises';
import { EaselClient } from '@easel/client';
import type { Account } from '@easel/contract';
import { CodedError } from '@easel/errors';
import type { CliContext } from './cli-context.ts';
import type { ServerAddressFlags } from './options.ts';
import { unreadableFile } from './unreadable-file.ts';

/** Names in a message. */
const MAX_NAMES = 20;

const ONLY_KEY = 'it must contain only the key: SG_ and 16 hexadecimal digits';

const defaultServer = 'http://127.0.0.1:8400';

export interface Connection {
  readonly client: EaselClient;
  readonly baseUrl: string;
}

/** The variables that may hold the key; messages name the first. */
export type KeyVariables = readonly [string, ...string[]];

/**
 * Creates a client for the server of `--server` or `EASEL_SERVER`, with the key of `--api-key-file` or of the environment.
 *
 * @throws CodedError `usage` for an invalid address, `key_missing`
 */
export async function connect(
  { server, apiKeyFile }: ServerAddressFlags,
  { env }: CliContext,
  variables: KeyVariables,
): Promise<Connection> {
  const baseUrl =
    server === undefined
      ? checkAddress('EASEL_SERVER', env.EASEL_SERVER || undefined)
      : checkAddress('--server', server);
  const apiKey = apiKeyFile === undefined ? readKey(env, variables) : await readKeyFile(apiKeyFile);
  return { client: new EaselClient({ baseUrl, apiKey }), baseUrl };
}

function checkAddress(setting: string, text: string = defaultServer): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = (url?.protocol === 'http:' || url?.protocol === 'https:') && url.search === '' && url.hash === '';
  const hasLogin = text.includes('@'); // what comes before it may be a password, which is not shown
  if (isUsable && !hasLogin) return text;
  const got = hasLogin ? 'with an @ in it' : JSON.stringify(text);
  throw new CodedError('usage', `${setting} must be an address such as ${defaultServer} (got ${got})`);
}

function readKey(env: CliContext['env'], variables: KeyVariables): string {
  for (const name of variables) {
    const key = env[name]?.trim() ?? '';
    if (isKey(key)) return key;
    if (key !== '')
      throw new CodedError('key_missing', `the variable ${name} does not contain exactly one key`, {
        remedy: ONLY_KEY,
      });
  }
  throw new CodedError('key_missing', 'no API key for the server', {
    remedy: `set ${variables[0]} or use --api-key-file`,
  });
}

async function readKeyFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadableFile('key_missing', `--api-key-file ${file}`, error);
  });
  const key = text.trim();
  if (!isKey(key))
    throw new CodedError('key_missing', `--api-key-file ${file} does not contain exactly one key`, {
      remedy: ONLY_KEY,
    });
  return key;
}

/** Whether a header can carry it. What is not a key may be a secret too, and is not shown. */
function isKey(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

/** Finds an account by name or id. @throws CodedError `not_found` with the names that exist */
export async function findAccount({ admin }: EaselClient, nameOrId: string, signal: AbortSignal): Promise<Account> {
  const names: string[] = [];
  for await (const account of admin.allAccounts({ limit: 100 }, { signal })) {
    if (account.id === nameOrId || account.name === nameOrId) return account;
    names.push(account.name);
  }
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const known = `${names.slice(0, MAX_NAMES).join(', ')}${others}`;
  throw new CodedError('not_found', `no account ${JSON.stringify(nameOrId)} (the accounts are ${known})`, {
    remedy: 'create it with easel accounts create NAME',
  });
}
