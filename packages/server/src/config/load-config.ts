import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { explainInvalid } from '@easel/contract';
import { Default } from 'typebox/value';
import { ConfigError } from './config-error.ts';
import { readEnvironment } from './read-environment.ts';
import { type Config, configSchema } from './schema.ts';
import { isSettingTree, overlaid, type SettingTree } from './setting-tree.ts';

export interface ConfigSources {
  /** A JSON file. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From the command line, nested as in the file. */
  readonly flags?: SettingTree;
}

/** Replaced as a whole by a later source: its keys are names that somebody chose. */
const atomic: ReadonlySet<string> = new Set(['models']);

/**
 * The settings of this process: defaults, then the file, the environment, the command line, each over the one before.
 * The result is complete, valid and frozen.
 *
 * @throws ConfigError naming the setting, what it is and what it may be; a secret is not repeated
 */
export async function loadConfig({ file, env, flags = {} }: ConfigSources): Promise<Config> {
  const fromFile = file === undefined ? {} : await readConfigFile(resolve(file));
  const fromEnvironment = overlaid(fromFile, readEnvironment(env), atomic);
  return validConfig(overlaid(fromEnvironment, flags, atomic));
}

function validConfig(tree: SettingTree): Config {
  const complete = Default(configSchema, structuredClone(tree));
  if (isConfig(complete)) return deepFrozen(complete);
  const fault = explainInvalid(configSchema, complete);
  throw new ConfigError(`the configuration is not valid: ${fault?.message ?? 'unknown reason'}`);
}

function isConfig(value: unknown): value is Config {
  return explainInvalid(configSchema, value) === undefined;
}

async function readConfigFile(file: string): Promise<SettingTree> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`cannot read the configuration ${file}: ${reason}`, { cause });
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
