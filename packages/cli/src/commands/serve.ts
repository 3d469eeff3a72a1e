import { Command } from 'commander';
import { wholeNumber } from '../arguments/number-argument.ts';

export interface ServerFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly model?: string;
  readonly logLevel?: string;
}

export interface ServeFlags extends ServerFlags {
  readonly host?: string;
  readonly port?: number;
}

export type ServeAction = (flags: ServeFlags) => Promise<void>;
export type WorkerAction = (flags: ServerFlags) => Promise<void>;
export type ConfigAction = (flags: ServeFlags) => Promise<void>;

/** `easel serve` */
export function serveCommand(action: ServeAction): Command {
  return withAddress(withServerOptions(new Command('serve')))
    .description('Run the image API, with everything it needs: database, queue, engine.')
    .action((flags: ServeFlags) => action(flags));
}

/** `easel worker` */
export function workerCommand(action: WorkerAction): Command {
  return withServerOptions(new Command('worker'))
    .description('Make pictures for a server that runs elsewhere on the same database.')
    .action((flags: ServerFlags) => action(flags));
}

/** `easel config` */
export function configCommand(action: ConfigAction): Command {
  return withAddress(withServerOptions(new Command('config')))
    .description('Print the settings that `easel serve` would run with, secrets hidden.')
    .action((flags: ServeFlags) => action(flags));
}

function withServerOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings as JSON; the environment and the options here go over it')
    .option('--data-dir <folder>', 'folder of the database, the pictures and the server secret')
    .option('-m, --model <name|path>', 'the model that answers to playground-v2.5 (default: the embedded one)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (default: info)');
}

function withAddress(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option('--port <number>', 'port to listen on; 0: any free one (default: 8400)', wholeNumber('--port', 0, 65535));
}
