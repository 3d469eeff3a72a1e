import type { EaselError, EaselJobError } from '@easel/client';
import { type Code, catalogue, isCodedError, messageOf } from '@easel/errors';
import { CommanderError } from 'commander';
import { type ExitStatus, exitStatus, exitStatusOf } from './exit-status.ts';
import { withOptionNames } from './options.ts';
import { hintForCommand, hintForOption } from './usage-hints.ts';

/** Everything that can go wrong, in the one form that is shown to people and written as JSON. */
export interface Failure {
  readonly code: Code;
  readonly message: string;
  /** What to do about it; absent only where a server did not say. */
  readonly remedy?: string;
  /** Where the fault is: `param`, `file`, `tensor`; and which request of a server it was: `requestId`. */
  readonly details?: object;
  readonly exitStatus: ExitStatus;
}

/**
 * Says what was thrown in the terms of the command line.
 *
 * @param command the command that was asked for, if any, such as `model quantize`: remedies and names of options are its own
 */
export function toFailure(thrown: unknown, command?: string): Failure {
  if (thrown instanceof CommanderError) return usageFailure(thrown, command);
  if (isAnswer(thrown)) return serverFailure(thrown, command);
  if (isCodedError(thrown)) {
    const { code, message, remedy = catalogue[code].remedy } = thrown;
    const told = code === 'usage' && command !== undefined ? remedy.replace('COMMAND', command) : remedy;
    const details = detailsOf(thrown);
    return {
      code,
      message: inOwnWords(message, details, command),
      remedy: told,
      ...details,
      exitStatus: exitStatusOf[code],
    };
  }
  return {
    code: 'internal',
    message: messageOf(thrown),
    remedy: catalogue.internal.remedy,
    exitStatus: exitStatusOf.internal,
  };
}

function detailsOf(error: Error): Pick<Failure, 'details'> {
  return 'details' in error && typeof error.details === 'object' && error.details !== null
    ? { details: error.details }
    : {};
}

/** By its name, so that the client is not loaded to report a mistyped option. */
function isAnswer(thrown: unknown): thrown is EaselError | EaselJobError {
  return thrown instanceof Error && ['EaselError', 'EaselJobError'].includes(thrown.name);
}

function serverFailure(error: EaselError | EaselJobError, command: string | undefined): Failure {
  const { code, message, remedy } = error;
  const told = { code, ...(remedy !== undefined && { remedy }), exitStatus: exitStatus.server };
  if (error.name === 'EaselJobError') return { ...told, message };
  const { param, requestId, status } = error;
  return {
    ...told,
    message: isDrawing(command) && param !== undefined ? withOptionNames(message, param, command) : message,
    ...(status >= 500 && requestId !== undefined && { remedy: inLog(remedy, requestId) }),
    details: { ...(param !== undefined && { param }), ...(requestId !== undefined && { requestId }) },
  };
}

/** The engine names fields as its interface has them. */
function inOwnWords(message: string, { details = {} }: Pick<Failure, 'details'>, command: string | undefined): string {
  const param = 'param' in details && typeof details.param === 'string' ? details.param : undefined;
  return param !== undefined && isDrawing(command) ? withOptionNames(message, param, command) : message;
}

/** Whether its options are fields of a request. */
function isDrawing(command: string | undefined): command is 'generate' | 'upscale' {
  return command === 'generate' || command === 'upscale';
}

function inLog(remedy: string | undefined, requestId: string): string {
  const log = `the server's log has more, under ${requestId}`;
  if (remedy?.includes(requestId)) return remedy;
  return remedy === undefined ? log : `${remedy}; ${log}`;
}

const GENERAL_HELP = 'easel --help lists the commands, easel COMMAND --help their options';

function usageFailure(error: CommanderError, command: string | undefined): Failure {
  // Commander writes "error: …" with its suggestion on a second line; ours, where there is one, is better informed.
  const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = usageHint(error.code, message, command);
  return {
    code: 'usage',
    message: hint === undefined ? [message, ...suggestion].join(' ') : message,
    remedy: hint ?? (command === undefined ? GENERAL_HELP : `easel ${command} --help lists what it takes`),
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
    : `easel ${command} --help lists what it takes`;
}

/** The lines for people: the message, what to do, and with EASEL_DEBUG the stacks of the error and its causes. */
export function renderFailure({ message, remedy }: Failure, thrown: unknown, debug: boolean): string {
  const lines = [`easel: ${message}`];
  if (remedy !== undefined) lines.push(`       ${remedy}`);
  if (debug) {
    for (let error = thrown; error instanceof Error; error = error.cause) lines.push(error.stack ?? String(error));
  }
  return `${lines.join('\n')}\n`;
}

/** The same for programs (`--json`): one object with an `error` member. */
export function failureAsJson({ details, exitStatus: status, ...failure }: Failure): {
  error: Record<string, unknown>;
} {
  return { error: { ...failure, ...details, exitStatus: status } };
}
