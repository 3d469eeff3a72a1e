import { CodedError } from '@easel/errors';
import { type Command, CommanderError } from 'commander';
import type { CliContext } from './cli-context.ts';
import type { PinnedWheel } from './device/cuda-packages.ts';
import { type ExitStatus, exitStatus } from './exit-status.ts';
import { type Failure, failureAsJson, renderFailure, toFailure } from './failure.ts';
import { listenForInterruption } from './interruption.ts';
import { easelProgram } from './program.ts';

/**
 * Runs one command line and returns the status to exit with. Nothing is thrown.
 *
 * @param packages what `easel device install cuda` installs, if not what this release needs
 */
export async function runCli(
  args: readonly string[],
  context: CliContext,
  packages?: readonly PinnedWheel[],
): Promise<ExitStatus> {
  using interruption = listenForInterruption();
  let status: ExitStatus = exitStatus.ok;
  const program = easelProgram(async (work) => {
    status = await work({
      env: context.env,
      stdin: context.stdin,
      stdout: context.stdout,
      stderr: context.stderr,
      interruption,
    });
  }, packages);
  try {
    await program.parseAsync(asOptions(args, program), { from: 'user' });
    return status;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return exitStatus.ok; // help or version was printed
      if (thrown.code === 'commander.help') return exitStatus.usage; // help was printed because there is no command
    }
    return reportFailure(thrown, interruption.status, { args, command: commandOf(args, program) }, context);
  }
}

/** People also type `easel help COMMAND` and `easel version`. */
function asOptions(args: readonly string[], program: Command): readonly string[] {
  const [first, ...rest] = args;
  if (first === 'version' || (first === '-v' && rest.length === 0)) return ['--version', ...rest];
  if (first !== 'help') return args;
  let command = program;
  for (const name of rest) {
    const found = command.commands.find((candidate) => candidate.name() === name);
    if (found === undefined) {
      const names = command.commands.map((candidate) => candidate.name()).join(', ');
      throw new CodedError('usage', `no command ${JSON.stringify(rest.join(' '))}`, {
        remedy: `the commands are ${names}`,
      });
    }
    command = found;
  }
  return [...rest, '--help'];
}

/** The command that a line asks for, with its subcommand, such as `model quantize`; undefined: none that there is. */
function commandOf(args: readonly string[], program: Command): string | undefined {
  const names: string[] = [];
  let command: Command | undefined = program;
  for (const arg of args) {
    command = command.commands.find((candidate) => candidate.name() === arg || candidate.aliases().includes(arg));
    if (command === undefined) break;
    names.push(command.name());
  }
  return names.length === 0 ? undefined : names.join(' ');
}

function reportFailure(
  thrown: unknown,
  interrupted: ExitStatus | undefined,
  { args, command }: { readonly args: readonly string[]; readonly command: string | undefined },
  { stdout, stderr, env }: CliContext,
): ExitStatus {
  const failure: Failure =
    interrupted === undefined
      ? toFailure(thrown, command)
      : { code: 'cancelled', message: stoppedMessage(thrown, command), exitStatus: interrupted };
  if (wantsJson(args)) stdout.write(`${JSON.stringify(failureAsJson(failure), null, 2)}\n`);
  else stderr.write(renderFailure(failure, thrown, Boolean(env.EASEL_DEBUG)));
  return failure.exitStatus;
}

/** What a command that was stopped has not done; others have nothing to tell. */
const outcomes = new Map([
  ['generate', 'nothing was saved'],
  ['upscale', 'nothing was saved'],
  ['model quantize', 'nothing was saved'],
  ['model verify-precision', 'nothing was saved'],
  ['device install', 'nothing was installed'],
]);

/** What is said after a signal. @param command with its subcommand */
export function stoppedMessage(thrown: unknown, command = ''): string {
  if (thrown instanceof CodedError && thrown.code === 'stopped') return thrown.message;
  const outcome = outcomes.get(command);
  return outcome === undefined ? 'stopped' : `stopped; ${outcome}`;
}

/** Whether an error is to be JSON, known even when the options could not be parsed. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}
