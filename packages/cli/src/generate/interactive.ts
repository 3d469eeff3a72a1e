import { createInterface, type Interface } from 'node:readline/promises';
import { CodedError } from '@easel/errors';
import type { Command } from 'commander';
import type { CommandContext } from '../cli-context.ts';
import { generateCommand } from '../commands/generate.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { renderFailure, toFailure } from '../failure.ts';
import { showProgress } from '../progress.ts';
import type { RunningBackend } from './backend.ts';
import { checkRemoteFlags } from './build-job.ts';
import { checkCombinations, type GenerateFlags } from './flags.ts';
import { flagsOfRuns, makeAndSave, openBackend, planRuns, prepareFolders, start } from './run-generate.ts';

const help = `Type a prompt. Commands:
  /set OPTION VALUE   an option of easel generate, such as /set steps 30, /set negative-prompt blurry
  /unset OPTION       its default again
  /options            what is set
  /quit               end; so does Ctrl-D
Ctrl-C cancels the picture.
`;

/** What is decided before the model is loaded, or belongs to one prompt only. */
const fixedOptions = new Set(
  'model modelConfig variant int8File threads device arithmetic memory textCache taesd server apiKeyFile image promptFile eachLine interactive json quiet'.split(
    ' ',
  ),
);

/**
 * `easel generate --interactive`: reads prompts until the input ends, from a terminal or a pipe, and keeps the model loaded. A picture that
 * fails, or is cancelled with Ctrl-C, does not end it.
 */
export async function runInteractive(
  argument: string | undefined,
  given: GenerateFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  if (argument !== undefined) {
    throw new CodedError('usage', '--interactive reads prompts as they are typed, but there is a prompt argument', {
      remedy: 'leave out the argument',
    });
  }
  if (given.server !== undefined) checkRemoteFlags(given);
  checkCombinations(given);
  planRuns([''], given, context); // checks the output
  const backend = await openBackend(flagsOfRuns(given), context);
  const progress = showProgress(given, context);
  await using running = await start(backend, progress, context);
  progress.end();
  const session = new Session(given, running, context);
  await session.run();
  return exitStatus.ok;
}

class Session {
  #flags: GenerateFlags;
  readonly #given: GenerateFlags;
  readonly #running: RunningBackend;
  readonly #context: CommandContext;
  /** Of the picture that is being made. */
  #picture: AbortController | undefined;

  constructor(flags: GenerateFlags, running: RunningBackend, context: CommandContext) {
    this.#flags = flags;
    this.#given = flags;
    this.#running = running;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { stdin, stderr, interruption } = this.#context;
    const isTerminal = stdin.isTTY && stderr.isTTY;
    const lines = createInterface({
      input: stdin,
      output: stderr,
      terminal: isTerminal,
      prompt: isTerminal ? 'prompt> ' : '',
    });
    const end = () => lines.close();
    interruption.signal.addEventListener('abort', end);
    using _ = interruption.takeCtrlC(() => this.#cancel(lines));
    lines.on('SIGINT', () => this.#cancel(lines)); // on a terminal the keys come this way
    if (isTerminal) stderr.write('Type a prompt; /help lists the commands, Ctrl-D ends.\n');
    try {
      lines.prompt();
      for await (const line of lines) {
        if (line.trim() === '/quit') break;
        await this.#take(line.trim());
        interruption.signal.throwIfAborted();
        lines.prompt();
      }
      interruption.signal.throwIfAborted();
    } finally {
      interruption.signal.removeEventListener('abort', end);
      lines.close();
    }
  }

  /** Without a picture to cancel it drops what was typed, as in a shell; without a terminal it ends. */
  #cancel(lines: Interface): void {
    if (this.#picture !== undefined) this.#picture.abort(new Error('cancelled'));
    else if (!this.#context.stdin.isTTY) lines.close();
    else {
      this.#context.stderr.write('\n');
      lines.write(null, { ctrl: true, name: 'u' });
      lines.prompt();
    }
  }

  async #take(line: string): Promise<void> {
    const { stderr, env, interruption } = this.#context;
    try {
      if (line === '') return;
      if (line.startsWith('/')) await this.#command(line);
      else await this.#draw(line);
    } catch (error) {
      if (interruption.signal.aborted) throw error;
      if (this.#picture?.signal.aborted) stderr.write('cancelled\n');
      else stderr.write(renderFailure(toFailure(error, 'generate'), error, Boolean(env.EASEL_DEBUG)));
    } finally {
      this.#picture = undefined;
    }
  }

  async #draw(prompt: string): Promise<void> {
    const { interruption } = this.#context;
    const runs = planRuns([prompt], this.#flags, this.#context);
    const flags = flagsOfRuns(this.#flags);
    using _folders = prepareFolders(runs, this.#context);
    this.#picture = new AbortController();
    const signal = AbortSignal.any([interruption.signal, this.#picture.signal]);
    const context = { ...this.#context, interruption: { ...interruption, signal } };
    for (const run of runs) await makeAndSave(run, this.#running, showProgress(flags, context), flags, context);
  }

  async #command(line: string): Promise<void> {
    const [, name = '', option = '', value = ''] = /^\/(\S*)\s*(\S*)\s*(.*)$/s.exec(line) ?? [];
    const { stderr } = this.#context;
    if (name === 'help') stderr.write(help);
    else if (name === 'options') stderr.write(this.#describe());
    else if (name === 'set' || name === 'unset') await this.#set(option, name === 'set' ? value : undefined);
    else throw new CodedError('usage', `no command /${name}`, { remedy: '/help lists the commands' });
  }

  #describe(): string {
    const flags = new Map(Object.entries(this.#flags));
    const all = generateCommand(async () => {}).options.flatMap((option) => {
      const value: unknown = flags.get(option.attributeName());
      const isShown = value !== undefined && !fixedOptions.has(option.attributeName()) && !option.negate;
      return isShown
        ? [`  ${option.long?.slice(2)} ${typeof value === 'object' ? JSON.stringify(value) : value}\n`]
        : [];
    });
    return all.join('');
  }

  /** @param value as on the command line; undefined: that of the command that was started, or none @throws CodedError `usage` */
  async #set(name: string, value: string | undefined): Promise<void> {
    const parsed = new Map<string, unknown>();
    const command: Command = generateCommand(async (_, flags) => {
      for (const [key, each] of Object.entries(flags)) parsed.set(key, each);
    });
    command.exitOverride().configureOutput({ outputError: () => {} });
    const option = command.options.find(({ long }) => long === `--${name.replace(/^--/, '')}`);
    const key = option?.attributeName() ?? '';
    if (option === undefined || fixedOptions.has(key)) {
      const why =
        option === undefined ? `there is no option ${JSON.stringify(name)}` : `--${name} cannot be changed here`;
      throw new CodedError('usage', why, { remedy: 'easel generate --help lists the options' });
    }
    if (value !== undefined) {
      const isSwitch = !option.required && !option.optional;
      await command.parseAsync(isSwitch ? [`--${name}`] : [`--${name}`, value], { from: 'user' });
    }
    const before = new Map(Object.entries(this.#given)).get(key);
    const { [key]: _, ...others }: Readonly<Record<string, unknown>> = { ...this.#flags };
    const next = value === undefined ? before : parsed.get(key);
    this.#apply({ ...others, ...(next !== undefined && { [key]: next }) });
  }

  #apply(flags: object): void {
    const changed = { ...this.#given, ...flags };
    for (const name of Object.keys(changed)) if (!Object.hasOwn(flags, name)) Reflect.deleteProperty(changed, name);
    if (changed.server !== undefined) checkRemoteFlags(changed);
    checkCombinations(changed);
    this.#flags = changed;
  }
}
