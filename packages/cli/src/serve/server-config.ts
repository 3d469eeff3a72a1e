import { type Config, loadConfig } from '@easel/server';
import type { CliContext } from '../cli-context.ts';
import type { ServeFlags } from '../commands/serve.ts';

/**
 * The settings of file, environment and options, each over the one before. On a terminal only warnings are logged unless something else
 * is asked for: keys and address would scroll away between lines for machines.
 */
export function serverConfig(flags: ServeFlags, { env, stderr }: CliContext): Promise<Config> {
  const { config: file, ...given } = flags;
  return loadConfig({ file, env, flags: given, defaults: stderr.isTTY ? { logLevel: 'warn' } : {} });
}
