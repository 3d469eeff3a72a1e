import { startServer } from '@easel/server';
import type { CliContext } from '../cli-context.ts';
import type { ServeFlags } from '../commands/serve.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import type { Interruption } from '../interruption.ts';
import { announcement, commandName } from './announcement.ts';
import { pageFolder } from './page-folder.ts';
import { serverConfig } from './server-config.ts';
import { untilStopped } from './until-stopped.ts';

/** `easel serve`: runs until it is told to stop, then finishes what is under way. */
export async function runServe(
  flags: ServeFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  const config = await serverConfig(flags, context);
  interruption.allow(stopPatienceMs(config.drainSeconds));
  const page = await pageFolder(interruption.signal);
  const server = await startServer(config, {
    signal: interruption.signal,
    pageFolder: page,
    announce: (listening) => written(context.stdout, announcement(listening, commandName(), flags)),
  });
  await untilStopped(server, interruption.signal);
  return exitStatus.ok;
}

/** Resolves when the text has left the process, or nobody reads it any more. */
function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

/** Running jobs may finish; then there is the queue, the engine and the database to stop. */
export function stopPatienceMs(drainSeconds: number): number {
  return (drainSeconds + 30) * 1000;
}
