import { printConfig } from '@easel/server';
import type { CliContext } from '../cli-context.ts';
import type { ServeFlags } from '../commands/serve.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { serverConfig } from './server-config.ts';

/** `easel config` */
export async function runConfig(flags: ServeFlags, context: CliContext): Promise<ExitStatus> {
  context.stdout.write(`${printConfig(await serverConfig(flags, context), context.env)}\n`);
  return exitStatus.ok;
}
