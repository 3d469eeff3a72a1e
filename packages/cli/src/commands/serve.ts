import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config, Listening } from '@easel/server';
import { Command } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { arithmeticOption, deviceOption, wholeNumber } from '../options.ts';

interface ServerFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly model?: string;
  readonly device?: string;
  readonly arithmetic?: string;
  readonly logLevel?: string;
}

interface ServeFlags extends ServerFlags {
  readonly host?: string;
  readonly port?: number;
  /** `--no-worker` */
  readonly worker?: boolean;
}

interface WorkFlags extends ServerFlags {
  readonly concurrency?: number;
}

/** `easel serve` */
export function serveCommand(run: RunCommand): Command {
  return withAddress(withServerOptions(new Command('serve')))
    .description('Run the image API and the web page, with everything they need: database, queue, engine.')
    .option('--no-worker', 'only accept jobs; `easel worker` runs them, on this machine or on others')
    .action((flags: ServeFlags) => run((context) => serve(flags, context)));
}

/** `easel worker` */
export function workerCommand(run: RunCommand): Command {
  return withServerOptions(new Command('worker'))
    .description('Run jobs from the queue of a server that uses the same database.')
    .option(
      '--concurrency <number>',
      'jobs of each model that run at the same time, each with an engine of its own (default: 1)',
      wholeNumber('--concurrency', 1, 64),
    )
    .action((flags: WorkFlags) => run((context) => work(flags, context)));
}

/** `easel config` */
export function configCommand(run: RunCommand): Command {
  return withAddress(withServerOptions(new Command('config')))
    .description('Print the settings that `easel serve` would use, with secrets hidden.')
    .action((flags: ServeFlags) => run((context) => printSettings(flags, context)));
}

function withServerOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings as JSON; environment variables and options override it')
    .option('--data-dir <folder>', 'folder for the database, the pictures and the server secret')
    .option('-m, --model <name|path>', 'the model served as playground-v2.5 (default: the embedded one)')
    .addOption(deviceOption())
    .addOption(arithmeticOption())
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (default: info)');
}

function withAddress(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option('--port <number>', 'port to listen on; 0: any free one (default: 8400)', wholeNumber('--port', 0, 65535));
}

/** Runs until it is told to stop, then finishes the running jobs. */
async function serve(flags: ServeFlags, context: CommandContext): Promise<ExitStatus> {
  const [{ publicFolder, startServer }, { findPage }] = await Promise.all([
    import('@easel/server'),
    import('../web-page.ts'),
  ]);
  const { signal } = context.interruption;
  const { worker, ...others } = flags;
  const own = worker === false ? { worker: { enabled: false } } : {};
  const config = await readConfig({ ...others, ...own }, context);
  const server = await startServer(config, {
    signal,
    pageFolder: await findPage(publicFolder, signal),
    announce: (listening) => writeAll(context.stdout, describeServer(listening, commandName(), flags)),
  });
  await stopOnSignal(server, signal);
  return exitStatus.ok;
}

/** Takes jobs until it is told to stop, then finishes the running one. */
async function work(flags: WorkFlags, context: CommandContext): Promise<ExitStatus> {
  const { startWorker } = await import('@easel/server');
  const { signal } = context.interruption;
  const { concurrency, ...others } = flags;
  const own = concurrency === undefined ? {} : { worker: { concurrency } };
  const worker = await startWorker(await readConfig({ ...others, ...own }, context), { signal });
  context.stdout.write(`Easel worker takes jobs for ${worker.models.join(', ')}\n`);
  if (worker.metricsUrl !== null) context.stdout.write(`Its metrics are at ${worker.metricsUrl}\n`);
  await stopOnSignal(worker, signal);
  return exitStatus.ok;
}

async function printSettings(flags: ServeFlags, context: CommandContext): Promise<ExitStatus> {
  const { printConfig } = await import('@easel/server');
  context.stdout.write(`${printConfig(await readConfig({ ...flags }, context), context.env)}\n`);
  return exitStatus.ok;
}

/**
 * Reads the settings: options override the environment, which overrides the file. On a terminal only warnings are logged unless a level is
 * given: keys and address would scroll away between log lines.
 *
 * It also gives a stop as long as the settings allow: running jobs may finish, then queue, engine and database stop.
 */
async function readConfig(
  flags: ServerFlags & Readonly<Record<string, unknown>>,
  { env, stderr, interruption }: CommandContext,
): Promise<Config> {
  const { loadConfig } = await import('@easel/server');
  const { config: file, ...given } = flags;
  const config = await loadConfig({ file, env, flags: given, defaults: stderr.isTTY ? { logLevel: 'warn' } : {} });
  interruption.allow((config.drainSeconds + 30) * 1000);
  return config;
}

async function stopOnSignal(running: { stop(): Promise<void> }, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  await running.stop();
}

/** Resolves when the text has been written, or nobody reads it. */
function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

type ServingOptions = Pick<ServeFlags, 'config' | 'dataDir'>;

/**
 * Describes the server on standard output when it is ready.
 *
 * @param easel how the command is called here
 * @param serving the options that a second `easel serve` needs to be the same server
 */
function describeServer(
  { url, model, isEmbeddedModel, firstKeys }: Listening,
  easel: string,
  serving: ServingOptions,
): string {
  const { admin, development } = firstKeys;
  const lines = [
    `Easel listens on ${url}`,
    `  page        ${url}/ in a browser`,
    `  model       ${model}${isEmbeddedModel ? ' (the small embedded model; serve another with --model NAME|PATH)' : ''}`,
  ];
  if (admin !== undefined) lines.push(`  admin key   ${admin}`);
  if (development !== undefined) lines.push(`  your key    ${development.key}   with ${development.credits} credits`);
  if (admin !== undefined || development !== undefined) lines.push('', 'Save these keys: they are not shown again.');
  if (admin !== undefined) {
    lines.push(
      `  more keys:       EASEL_ADMIN_KEY=SG_… ${easel} keys create NAME --account ACCOUNT --new-account --server ${url}`,
      `  lost admin key:  KEY=SG_$(openssl rand -hex 8); echo "$KEY"; EASEL_ADMIN_KEY="$KEY" ${easel} serve${quoteOptions(serving)}`,
    );
  }
  if (development !== undefined) lines.push('', 'Try:', curlLine(url, development.key));
  return `${lines.join('\n')}\n`;
}

/** Quotes the options for a POSIX shell. */
function quoteOptions({ config, dataDir }: ServingOptions): string {
  const given = [
    ['--config', config],
    ['--data-dir', dataDir],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [` ${flag} '${value.replaceAll("'", "'\\''")}'`]));
  return given.join('');
}

/** `./easel` in a clone, by its path from the current folder; `easel` where the package is installed. */
function commandName(): string {
  const clone = fileURLToPath(new URL('../../../..', import.meta.url));
  const launcher = join(clone, 'easel');
  if (!existsSync(launcher) || !existsSync(join(clone, 'packages', 'cli', 'src'))) return 'easel';
  const path = relative(process.cwd(), launcher);
  return path.startsWith('..') ? launcher : `.${sep}${path}`;
}

function curlLine(url: string, key: string): string {
  const body = JSON.stringify({ prompt: 'a red apple on a blue background', base64: false });
  return `  curl ${url}/v1/playground-v2.5 -H 'x-api-key: ${key}' -H 'content-type: application/json' -d '${body}' -o apple.jpg`;
}
