import { readFile } from 'node:fs/promises';
import { EaselClient } from '@easel/client';
import { CodedError } from '@easel/errors';
import type { CliContext } from '../cli-context.ts';
import type { ServerAddressFlags } from '../commands/server-options.ts';
import { unreadableFile } from '../unreadable-file.ts';

const defaultServer = 'http://127.0.0.1:8400';

export interface Connection {
  readonly client: EaselClient;
  readonly baseUrl: string;
}

/** The variables that keys are looked for in; the first is the one that messages name. */
export type KeyVariables = readonly [string, ...string[]];

/**
 * A client of the server that `--server` or `EASEL_SERVER` names, with the key of `--api-key-file` or of the environment.
 *
 * @throws CodedError `usage` for an address that is none, `key_missing`
 */
export async function connect(
  { server, apiKeyFile }: ServerAddressFlags,
  { env }: CliContext,
  variables: KeyVariables,
): Promise<Connection> {
  const baseUrl =
    server === undefined ? addressOf('EASEL_SERVER', env.EASEL_SERVER || undefined) : addressOf('--server', server);
  const apiKey = apiKeyFile === undefined ? keyOf(env, variables) : await keyInFile(apiKeyFile);
  return { client: new EaselClient({ baseUrl, apiKey }), baseUrl };
}

function addressOf(setting: string, text: string = defaultServer): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = (url?.protocol === 'http:' || url?.protocol === 'https:') && url.search === '' && url.hash === '';
  const hasLogin = text.includes('@'); // what stands before it may be a password, and is not shown
  if (isUsable && !hasLogin) return text;
  const got = hasLogin ? 'with an @ in it' : JSON.stringify(text);
  throw new CodedError('usage', `${setting} must be an address such as ${defaultServer} (got ${got})`);
}

function keyOf(env: CliContext['env'], variables: KeyVariables): string {
  for (const name of variables) {
    const key = env[name]?.trim() ?? '';
    if (isKey(key)) return key;
    if (key !== '') throw new CodedError('key_missing', `the variable ${name} does not hold one key`);
  }
  throw new CodedError('key_missing', `there is no key for the server; set ${variables[0]}, or give --api-key-file`);
}

async function keyInFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadableFile('key_missing', `--api-key-file ${file}`, error);
  });
  const key = text.trim();
  if (!isKey(key)) throw new CodedError('key_missing', `--api-key-file ${file} does not hold one key`);
  return key;
}

/** Whether a header can carry it. What is none may be a secret all the same, and is not shown. */
function isKey(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
