import type { EaselConnectionError, EaselError, EaselJobError } from '@easel/client';
import type { EngineError, EngineErrorDetails, ErrorKind } from '@easel/engine';
import type { StartupError, StartupErrorCode } from '@easel/server';
import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { type ExitStatus, exitStatus } from './exit-status.ts';
import { withOptionNames } from './generate/build-job.ts';
import { hintForCommand, hintForOption } from './usage-hints.ts';

/** Everything that can go wrong, in the one form that is shown to people and written as JSON. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: EngineErrorDetails & { readonly requestId?: string };
  readonly exitStatus: ExitStatus;
}

export const statusOfKind = {
  invalid: exitStatus.usage,
  model: exitStatus.model,
  resources: exitStatus.failed,
  internal: exitStatus.failed,
  cancelled: exitStatus.interrupted,
} as const satisfies Record<ErrorKind, ExitStatus>;

/** What is wrong with the settings is wrong usage; what is wrong with the machine is not. */
export const statusOfStartup = {
  settings_invalid: exitStatus.usage,
  data_folder_unusable: exitStatus.usage,
  no_server_yet: exitStatus.usage,
  data_folder_in_use: exitStatus.failed,
  address_in_use: exitStatus.failed,
  database_unavailable: exitStatus.failed,
  database_newer: exitStatus.failed,
  secret_damaged: exitStatus.failed,
} as const satisfies Record<StartupErrorCode, ExitStatus>;

/**
 * Says what was thrown in the terms of the command line.
 *
 * @param command the command that was asked for, if any: hints and names of options are those of `generate`
 */
export function toFailure(thrown: unknown, command?: string): Failure {
  if (thrown instanceof CliError) {
    const { code, message, hint } = thrown;
    return { code, message, ...(hint === undefined ? {} : { hint }), exitStatus: thrown.exitStatus };
  }
  if (isEngineError(thrown)) {
    const { code, message, details } = thrown;
    return { code, message, details, exitStatus: statusOfKind[thrown.kind] };
  }
  if (isStartupError(thrown)) {
    const { code, message, remedy } = thrown;
    return { code, message, ...(remedy === undefined ? {} : { hint: remedy }), exitStatus: statusOfStartup[code] };
  }
  if (isClientError(thrown)) return serverFailure(thrown, command);
  if (thrown instanceof CommanderError) return usageFailure(thrown, command);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'internal', message, hint: 'EASEL_DEBUG=1 shows where it came from', exitStatus: exitStatus.failed };
}

/** By its name: `instanceof` would load the whole engine to report a mistyped option. */
function isEngineError(thrown: unknown): thrown is EngineError {
  return thrown instanceof Error && thrown.name === 'EngineError' && 'kind' in thrown;
}

/** By what it has: the classes are the server's, which is not loaded to report a mistyped option. */
function isStartupError(thrown: unknown): thrown is StartupError {
  return thrown instanceof Error && 'remedy' in thrown && 'code' in thrown && String(thrown.code) in statusOfStartup;
}

type ClientError = EaselError | EaselConnectionError | EaselJobError;

function isClientError(thrown: unknown): thrown is ClientError {
  return thrown instanceof Error && ['EaselError', 'EaselConnectionError', 'EaselJobError'].includes(thrown.name);
}

function serverFailure(error: ClientError, command: string | undefined): Failure {
  const { message } = error;
  if (error.name === 'EaselConnectionError') {
    return { code: 'server_unreachable', message, exitStatus: exitStatus.server };
  }
  if (error.name === 'EaselJobError') return { code: error.code, message, exitStatus: exitStatus.server };
  const { code, param, requestId } = error;
  return {
    code,
    message: command === 'generate' && param !== undefined ? withOptionNames(message, param) : message,
    ...(error.status >= 500 && requestId !== undefined && { hint: `the server's log has more, under ${requestId}` }),
    details: { ...(param !== undefined && { param }), ...(requestId !== undefined && { requestId }) },
    exitStatus: exitStatus.server,
  };
}

function usageFailure(error: CommanderError, command: string | undefined): Failure {
  // Commander writes "error: …" with its suggestion on a second line; ours, where there is one, is better informed.
  const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = usageHint(error.code, message, command);
  return {
    code: 'usage',
    message: hint === undefined ? [message, ...suggestion].join(' ') : message,
    hint: hint ?? 'easel --help lists the commands, easel COMMAND --help their options',
    exitStatus: exitStatus.usage,
  };
}

function usageHint(code: string, message: string, command = 'generate'): string | undefined {
  const name = /'(.*)'/s.exec(message)?.[1] ?? '';
  if (code === 'commander.unknownOption') return command === 'generate' ? hintForOption(name) : undefined;
  if (code === 'commander.unknownCommand') return hintForCommand(name);
  // "too many arguments for 'generate'. Expected 1 argument but got 3."
  if (code !== 'commander.excessArguments') return undefined;
  return name === 'generate'
    ? 'put the prompt in quotes: easel generate "a red apple"'
    : `easel ${name} --help shows what it takes`;
}

/** The lines for people: the message, the hint, and with EASEL_DEBUG the stacks of the error and its causes. */
export function renderFailure(failure: Failure, thrown: unknown, debug: boolean): string {
  const lines = [`easel: ${failure.message}`];
  if (failure.hint !== undefined) lines.push(`       ${failure.hint}`);
  if (debug) {
    for (let error = thrown; error instanceof Error; error = error.cause) lines.push(error.stack ?? String(error));
  }
  return `${lines.join('\n')}\n`;
}

/** The same for programs (`--json`): one object with an `error` member. */
export function failureAsJson(failure: Failure): { error: Record<string, unknown> } {
  const { code, message, hint, details, exitStatus: status } = failure;
  return { error: { code, message, ...(hint === undefined ? {} : { hint }), ...details, exitStatus: status } };
}
