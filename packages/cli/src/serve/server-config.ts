import { type Config, loadConfig } from '@easel/server';
import type { CliContext } from '../cli-context.ts';
import type { ServeFlags } from '../commands/serve.ts';

/** The settings of file, environment and options, each over the one before. */
export function serverConfig(flags: ServeFlags, { env }: CliContext): Promise<Config> {
  const { config: file, ...given } = flags;
  return loadConfig({ file, env, flags: given });
}
