import { startWorker } from '@easel/server';
import type { CliContext } from '../cli-context.ts';
import type { ServerFlags } from '../commands/serve.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import type { Interruption } from '../interruption.ts';
import { stopPatienceMs } from './run-serve.ts';
import { serverConfig } from './server-config.ts';
import { untilStopped } from './until-stopped.ts';

/** `easel worker`: takes jobs until it is told to stop, then finishes the one under way. */
export async function runWorker(
  flags: ServerFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  const config = await serverConfig(flags, context);
  interruption.allow(stopPatienceMs(config.drainSeconds));
  const worker = await startWorker(config, { signal: interruption.signal });
  context.stdout.write(`Easel worker takes jobs for ${worker.models.join(', ')}\n`);
  await untilStopped(worker, interruption.signal);
  return exitStatus.ok;
}
