import { CodedError } from '@easel/errors';
import { type Command, CommanderError } from 'commander';
import type { CliContext } from './cli-context.ts';
import { type ExitStatus, exitStatus } from './exit-status.ts';
import { type Failure, failureAsJson, renderFailure, toFailure } from './failure.ts';
import { listenForInterruption } from './interruption.ts';
import { easelProgram } from './program.ts';

/** Runs one command line and says what the process should exit with. Nothing is thrown. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  using interruption = listenForInterruption();
  let status: ExitStatus = exitStatus.ok;
  // The commands are loaded when they run: help and version do not wait for the engine.
  const program = easelProgram({
    generate: async (prompt, flags) => {
      if (flags.server !== undefined) {
        const { runRemote } = await import('./generate/run-remote.ts');
        status = await runRemote(prompt, flags, context, interruption);
        return;
      }
      const { runGenerate } = await import('./generate/run-generate.ts');
      status = await runGenerate(prompt, flags, context, interruption);
    },
    inspect: async (nameOrPath, flags) => {
      const { runInspect } = await import('./inspect/run-inspect.ts');
      status = await runInspect(nameOrPath, flags, context);
    },
    doctor: async (flags) => {
      const { runDoctor } = await import('./doctor/run-doctor.ts');
      status = await runDoctor(flags, context, interruption.signal);
    },
    serve: async (flags) => {
      const { runServe } = await import('./serve/run-serve.ts');
      status = await runServe(flags, context, interruption);
    },
    worker: async (flags) => {
      const { runWorker } = await import('./serve/run-worker.ts');
      status = await runWorker(flags, context, interruption);
    },
    createKey: async (name, flags) => {
      const { createKey } = await import('./keys/create-key.ts');
      status = await createKey(name, flags, context, interruption.signal);
    },
    listKeys: async (flags) => {
      const { listKeys } = await import('./keys/list-keys.ts');
      status = await listKeys(flags, context, interruption.signal);
    },
    revokeKey: async (key, flags) => {
      const { revokeKey } = await import('./keys/revoke-key.ts');
      status = await revokeKey(key, flags, context, interruption.signal);
    },
    grantCredits: async (amount, flags) => {
      const { grantCredits } = await import('./credits/grant-credits.ts');
      status = await grantCredits(amount, flags, context, interruption.signal);
    },
    showCredits: async (flags) => {
      const { showCredits } = await import('./credits/show-credits.ts');
      status = await showCredits(flags, context, interruption.signal);
    },
    config: async (flags) => {
      const { runConfig } = await import('./serve/run-config.ts');
      status = await runConfig(flags, context);
    },
    completion: async (shell) => {
      const { completionScript } = await import('./completion.ts');
      context.stdout.write(completionScript(shell, program));
    },
  });
  try {
    await program.parseAsync(asOptions(args, program), { from: 'user' });
    return status;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return exitStatus.ok; // help or version was printed
      if (thrown.code === 'commander.help') return exitStatus.usage; // so was help, for want of a command
    }
    return reportFailure(thrown, interruption.status, args, context);
  }
}

/** `easel help COMMAND` and `easel version` are what people type as well as the options. */
function asOptions(args: readonly string[], program: Command): readonly string[] {
  const [first, ...rest] = args;
  if (first === 'version' || (first === '-v' && rest.length === 0)) return ['--version', ...rest];
  if (first !== 'help') return args;
  let command = program;
  for (const name of rest) {
    const found = command.commands.find((candidate) => candidate.name() === name);
    if (found === undefined) {
      const names = command.commands.map((candidate) => candidate.name()).join(', ');
      throw new CodedError(
        'usage',
        `there is no help for ${JSON.stringify(rest.join(' '))}; the commands are ${names}`,
      );
    }
    command = found;
  }
  return [...rest, '--help'];
}

function reportFailure(
  thrown: unknown,
  interrupted: ExitStatus | undefined,
  args: readonly string[],
  { stdout, stderr, env }: CliContext,
): ExitStatus {
  const failure: Failure =
    interrupted === undefined
      ? toFailure(thrown, args[0]?.startsWith('-') ? undefined : args[0])
      : { code: 'cancelled', message: stoppedMessage(thrown), exitStatus: interrupted };
  if (wantsJson(args)) stdout.write(`${JSON.stringify(failureAsJson(failure), null, 2)}\n`);
  else stderr.write(renderFailure(failure, thrown, Boolean(env.EASEL_DEBUG)));
  return failure.exitStatus;
}

function stoppedMessage(thrown: unknown): string {
  return thrown instanceof CodedError && thrown.code === 'stopped' ? thrown.message : 'stopped; nothing was saved';
}

/** Whether an error is to be JSON, known even when the options could not be parsed. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}
