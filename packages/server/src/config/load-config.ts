import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explainInvalid, parseDecimal, patterns } from '@easel/contract';
import { defaultDataDir } from '@easel/embedded-postgres';
import { nearMiss, whyUnreadable } from '@easel/errors';
import { Default } from 'typebox/value';
import { requireKeyText } from '../keys/key-text.ts';
import { secretsOfText } from '../keys/server-secret.ts';
import { networkList } from '../webhooks/targets.ts';
import { ConfigError } from './config-error.ts';
import { requireModels } from './model-settings.ts';
import { readEnvironment } from './read-environment.ts';
import { type Config, configSchema, secretKeys } from './schema.ts';
import { isSettingTree, overlaid, putSetting, type SettingTree, settings } from './settings.ts';

export interface ConfigSources {
  /** Path of a JSON file. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From the command line, nested as in the file. */
  readonly flags?: SettingTree;
  /** Instead of the schema's own defaults. */
  readonly defaults?: SettingTree;
}

/** Settings that a later source replaces as a whole, because their keys are chosen names. */
const atomic: ReadonlySet<string> = new Set(['model', 'models', 'int8Files', 'loras']);

/**
 * Loads the settings: defaults, overridden by the file, the environment and the command line, in this order. The result is complete,
 * valid and frozen.
 *
 * @throws ConfigError with the setting, its value unless it is secret, and what is allowed
 */
export async function loadConfig({ file, env, flags = {}, defaults = {} }: ConfigSources): Promise<Config> {
  const fromFile = file === undefined ? {} : await readConfigFile(resolve(file));
  const sources = [fromFile, readEnvironment(env), flags];
  return validConfig(sources.reduce((below, above) => overlaid(below, above, atomic), defaults));
}

function validConfig(tree: SettingTree): Config {
  const given = withPlainAmounts(structuredClone(tree));
  const complete = Default(configSchema, given);
  if (!isConfig(complete)) throw invalidConfig(complete);
  requireModels(complete);
  requireDatabaseUrl(complete.databaseUrl);
  requirePublicUrl(complete.publicUrl);
  for (const origin of complete.cors.origins) requireOrigin(origin);
  requireBucket(complete);
  requireSecrets(complete);
  requireNetworks('webhooks.networks', complete.webhooks.networks);
  requireNetworks(
    'trustedProxies',
    complete.trustedProxies.filter((proxy) => !namedNetworks.has(proxy)),
  );
  // Paths are put behind it.
  return deepFrozen({ ...complete, publicUrl: complete.publicUrl?.replace(/\/+$/, '') ?? null });
}

/** Converts amounts that are JSON numbers to plain decimal text: 1e-7 becomes 0.0000001. */
function withPlainAmounts(tree: SettingTree): SettingTree {
  const at = (path: readonly string[]) =>
    path.reduce<unknown>((node, name) => (isSettingTree(node) ? node[name] : undefined), tree);
  const amounts = settings.filter(({ schema }) => 'pattern' in schema && schema.pattern === patterns.amount.source);
  for (const path of [...amounts.map((setting) => setting.path), ...leavesAt(at(MODEL_RATES), MODEL_RATES)]) {
    const value = at(path);
    if (typeof value === 'number' && (value === 0 || (value >= 1e-12 && value < 1e12)))
      putSetting(tree, path, plainText(value));
  }
  return tree;
}

/** The settings of amounts by model. */
const MODEL_RATES: readonly string[] = ['pricing', 'models'];

function leavesAt(value: unknown, path: readonly string[]): (readonly string[])[] {
  return isSettingTree(value)
    ? Object.entries(value).flatMap(([name, child]) => leavesAt(child, [...path, name]))
    : [path];
}

function plainText(amount: number): string {
  const { digits, places } = parseDecimal(amount);
  const text = String(digits).padStart(places + 1, '0');
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}

function invalidConfig(value: unknown): ConfigError {
  const fault = explainInvalid(configSchema, value);
  const param = fault?.param ?? '';
  const setting = settings.find(({ key }) => param === key || param.startsWith(`${key}.`));
  const isGroup = settings.some(({ key }) => key.startsWith(`${param}.`));
  if (setting === undefined && isGroup) {
    const remedy = `leave ${param} out of the file of --config, or give it an object`;
    return new ConfigError(`the configuration is not valid: ${fault?.message}`, { remedy });
  }
  if (setting === undefined) {
    const meant = nearMiss(
      param,
      settings.map(({ key }) => key),
    );
    const remedy = meant === undefined ? 'docs/operations.md lists the settings' : `did you mean ${meant}?`;
    return new ConfigError(`${JSON.stringify(param)} is not a setting of Easel`, { remedy });
  }
  const message = secretKeys.includes(setting.key) ? `${setting.key} must be text, not empty` : fault?.message;
  return new ConfigError(`the configuration is not valid: ${message}`, {
    remedy: `set ${setting.variable} in the environment, or ${setting.key} in the file of --config`,
  });
}

/** Shows at most the scheme of the URL: the rest may contain a password. */
function requireDatabaseUrl(url: string | null): void {
  if (url === null || /^postgres(?:ql)?:\/\/./.test(url)) return;
  const scheme = /^([a-z][a-z0-9+.-]{0,20}):/i.exec(url)?.[1];
  const got = scheme === undefined ? 'other text' : `an address that begins with ${scheme}:`;
  throw new ConfigError(`DATABASE_URL must be the address of a PostgreSQL database (got ${got})`, {
    remedy:
      'write it as postgres://USER:PASSWORD@HOST:5432/DATABASE; if it belongs to another program, unset it and Easel uses its own database',
  });
}

/** It might hold a password, which is not shown. */
function requirePublicUrl(publicUrl: string | null): void {
  if (publicUrl === null || isPlainAddress(publicUrl)) return;
  throw new ConfigError('publicUrl must be an http:// or https:// address without a password, a query or a fragment', {
    remedy: `set ${variableOf('publicUrl')} to something like https://pictures.example.com`,
  });
}

function isPlainAddress(address: string): boolean {
  const url = URL.parse(address);
  const hasMore = /[?#]/.test(address) || url?.username !== '' || url.password !== '';
  return url !== null && /^https?:$/.test(url.protocol) && !hasMore;
}

/** Browsers compare it with their own, letter by letter (RFC 6454, section 6.2). */
function requireOrigin(origin: string): void {
  const url = URL.parse(origin);
  if (origin === '*' || (url !== null && url.origin === origin && origin !== 'null')) return;
  const meant = url === null || url.origin === 'null' ? 'https://app.example.com' : url.origin;
  throw new ConfigError(`cors.origins: ${JSON.stringify(origin)} is not the origin of a page`, {
    remedy: `set ${variableOf('cors.origins')} to origins separated by commas, such as ${meant}, or to *`,
  });
}

function requireBucket({ s3: { bucket, endpoint, prefix, ...others }, imagesDir }: Config): void {
  if (bucket === null) {
    const given = Object.entries({ endpoint, prefix, ...others });
    const [useless] = given.find(([, value]) => value !== null && value !== '') ?? [];
    if (useless === undefined) return;
    throw wrongBucket(
      `s3.${useless} is set, but not s3.bucket`,
      `name the bucket, or unset ${variableOf(`s3.${useless}`)}`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(bucket)) {
    const problem = `s3.bucket is not the name of a bucket (got ${JSON.stringify(bucket)})`;
    throw wrongBucket(problem, 'it has 3 to 63 letters, digits, hyphens and dots');
  }
  // What needs no encoding in a key, so that every store and every tool writes it the same way.
  if (!/^(?:[A-Za-z0-9!_.*'()-]+\/)*[A-Za-z0-9!_.*'()-]*$/.test(prefix)) {
    const problem = `s3.prefix must have letters, digits, hyphens and single slashes (got ${JSON.stringify(prefix)})`;
    throw new ConfigError(problem, { remedy: `set ${variableOf('s3.prefix')} to something like easel/` });
  }
  if (imagesDir !== null) {
    const remedy = 'leave one of them out: pictures are kept in a folder or in a bucket';
    throw wrongBucket('both imagesDir and s3.bucket are set', remedy);
  }
  if (endpoint !== null) requireEndpoint(endpoint);
}

function wrongBucket(problem: string, remedy: string): ConfigError {
  return new ConfigError(problem, { remedy: `${remedy} (${variableOf('s3.bucket')})` });
}

/** The address is not shown: it might hold a password. */
export function requireEndpoint(endpoint: string): void {
  const url = URL.parse(endpoint);
  const isGood = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '';
  if (isGood) return;
  throw new ConfigError('s3.endpoint must be the address of a store, without a password in it', {
    remedy: `set ${variableOf('s3.endpoint')} to https://HOST or http://HOST:PORT, and the keys in s3.accessKeyId and s3.secretAccessKey`,
  });
}

function variableOf(setting: string): string {
  return settings.find(({ key }) => key === setting)?.variable ?? setting;
}

/** Checked before any folder or database is created. */
function requireSecrets({ secret, adminKey, devKey }: Config): void {
  if (secret !== null) secretsOfText(secret);
  if (adminKey !== null) requireKeyText(adminKey, 'EASEL_ADMIN_KEY');
  if (devKey !== null) requireKeyText(devKey, 'EASEL_DEV_KEY');
}

/** What the HTTP server knows by name. */
const namedNetworks: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

function requireNetworks(setting: string, networks: readonly string[]): void {
  try {
    networkList(networks);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`the configuration is not valid: ${setting}: ${reason}`, {
      remedy: `set ${variableOf(setting)} to networks separated by commas, such as 10.0.0.0/8,fd00::/8`,
    });
  }
}

function isConfig(value: unknown): value is Config {
  return explainInvalid(configSchema, value) === undefined;
}

async function readConfigFile(file: string): Promise<SettingTree> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`the configuration file ${file} cannot be read: ${whyUnreadable(cause)}`, { cause });
  });
  const value = parsed(file, text);
  if (!isSettingTree(value)) throw new ConfigError(`${file} must hold one JSON object`);
  return value;
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${file} is not valid JSON: ${reason}`, { cause });
  }
}

function deepFrozen<Value extends object>(value: Value): Value {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) deepFrozen(child);
  return Object.freeze(value);
}

/** The settings as JSON, with the values that follow from others resolved, and without secrets. */
export function printConfig(config: Config, env: Readonly<Record<string, string | undefined>>): string {
  const dataDir = resolve(config.dataDir ?? defaultDataDir(env));
  const imagesDir = config.imagesDir === null ? join(dataDir, 'images') : resolve(config.imagesDir);
  const place = config.s3.bucket === null ? imagesDir : null; // of pictures
  const resolved = { ...structuredClone(config), dataDir, imagesDir: place, model: config.model ?? 'demo' };
  for (const key of secretKeys) hide(resolved, key.split('.'));
  return JSON.stringify(resolved, null, 2);
}

function hide(tree: unknown, [name = '', ...rest]: readonly string[]): void {
  if (!isSettingTree(tree) || tree[name] === null) return;
  if (rest.length > 0) hide(tree[name], rest);
  else tree[name] = '(hidden)';
}
