import { createInterface, type Interface } from 'node:readline/promises';
import { CodedError, nearNames } from '@easel/errors';
import type { Command, Option } from 'commander';
import type { CommandContext } from '../cli-context.ts';
import { generateCommand } from '../commands/generate.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { renderFailure, toFailure } from '../failure.ts';
import { showProgress } from '../progress.ts';
import type { RunningBackend } from './backend.ts';
import { checkRemoteFlags } from './build-job.ts';
import { checkCombinations, type GenerateFlags, isEnlargedAlone } from './flags.ts';
import { flagsOfRuns, makeAndSave, openBackend, planRuns, prepareFolders, start } from './run-generate.ts';

const help = `Type a prompt to draw it. A line that begins with / is a command:
  /OPTION VALUE    set an option of easel generate for the next pictures:
                   /steps 30, /size 768x1024, /seed 7, /negative-prompt blurry
  /unset OPTION    as it was at the start
  /options         what is set
  /help            this text
  /quit            end
Ctrl-C cancels the picture, Ctrl-D ends, the arrow keys bring earlier lines back, Tab completes options.
`;

const commands = ['set', 'unset', 'options', 'help', 'quit'];

/** What is decided before the model is loaded, or belongs to one prompt only; with them the files of the start image, see below. */
const fixedOptions = [
  ...(['model', 'modelConfig', 'variant', 'family', 'unet', 'vae', 'int8File', 'taesd'] as const),
  ...(['threads', 'device', 'arithmetic', 'memory', 'textCache', 'server', 'apiKeyFile'] as const),
  ...(['promptFile', 'eachLine', 'interactive', 'json', 'quiet'] as const),
] as const satisfies readonly (keyof GenerateFlags)[];

/**
 * `easel generate --interactive`: reads prompts until the input ends, from a terminal or a pipe, and keeps the model loaded. A picture that
 * fails, or is cancelled with Ctrl-C, does not end it; without a terminal the status is that of the first line that failed.
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
  if ([given.promptFile, given.eachLine, given.json, given.quiet].some(Boolean)) {
    throw new CodedError('usage', '--interactive cannot be used with --prompt-file, --each-line, --json or --quiet', {
      remedy: 'leave one of them out',
    });
  }
  if (given.server !== undefined) checkRemoteFlags(given);
  checkCombinations(given);
  planRuns([''], given, context); // checks the output
  const backend = await openBackend(flagsOfRuns(given), context);
  const progress = showProgress(given, context);
  await using running = await start(backend, progress, context);
  progress.end();
  return await new Session(given, running, context).run();
}

class Session {
  #flags: GenerateFlags;
  readonly #given: GenerateFlags;
  readonly #running: RunningBackend;
  readonly #context: CommandContext;
  readonly #isTerminal: boolean;
  /** Of the picture that is being made. */
  #picture: AbortController | undefined;
  /** Of the first line that failed. */
  #status: ExitStatus = exitStatus.ok;

  constructor(flags: GenerateFlags, running: RunningBackend, context: CommandContext) {
    this.#flags = flags;
    this.#given = flags;
    this.#running = running;
    this.#context = context;
    this.#isTerminal = context.stdin.isTTY === true && context.stderr.isTTY === true;
  }

  async run(): Promise<ExitStatus> {
    const { stdin, stderr, interruption } = this.#context;
    const lines = createInterface({
      input: stdin,
      output: stderr,
      terminal: this.#isTerminal,
      prompt: this.#isTerminal ? 'prompt> ' : '',
      completer: (line) => completeLine(line, this.#given),
    });
    const end = () => lines.close();
    let isOpen = true;
    lines.once('close', () => {
      isOpen = false;
    });
    interruption.signal.addEventListener('abort', end);
    using _ = interruption.takeCtrlC(() => this.#takeCtrlC(lines));
    lines.on('SIGINT', () => this.#takeCtrlC(lines)); // on a terminal the keys come this way
    if (this.#isTerminal) stderr.write('Type a prompt; /help lists the commands, Ctrl-D ends.\n');
    try {
      lines.prompt();
      for await (const line of lines) {
        if (line.trim() === '/quit') break;
        await this.#take(line.trim());
        if (isOpen) lines.prompt();
      }
      if (interruption.signal.aborted) throw new CodedError('stopped', 'stopped; the pictures before are saved');
      return this.#isTerminal ? exitStatus.ok : this.#status;
    } finally {
      interruption.signal.removeEventListener('abort', end);
      lines.close();
    }
  }

  /** Cancels the picture. When there is none it drops what was typed, as a shell does; without a terminal it is left to end the command. */
  #takeCtrlC(lines: Interface): boolean {
    if (this.#picture !== undefined) this.#picture.abort(new Error('cancelled'));
    else if (!this.#isTerminal) return false;
    else {
      this.#context.stderr.write(lines.line === '' ? '\n(Ctrl-D or /quit ends)\n' : '\n');
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
      lines.prompt();
    }
    return true;
  }

  async #take(line: string): Promise<void> {
    const { stderr, env, interruption } = this.#context;
    try {
      if (line === '') return;
      if (line.startsWith('/')) await this.#command(line);
      else await this.#draw(line);
    } catch (error) {
      if (interruption.signal.aborted) return;
      const failure = toFailure(error, 'generate');
      const isCancelled = this.#picture?.signal.aborted === true;
      if (this.#status === exitStatus.ok) this.#status = isCancelled ? exitStatus.interrupted : failure.exitStatus;
      stderr.write(isCancelled ? 'cancelled\n' : renderFailure(failure, error, Boolean(env.EASEL_DEBUG)));
    } finally {
      this.#picture = undefined;
    }
  }

  async #draw(prompt: string): Promise<void> {
    const { interruption } = this.#context;
    const flags = flagsOfRuns(this.#flags);
    const runs = planRuns([prompt], this.#flags, this.#context);
    using _folders = prepareFolders(runs, this.#context);
    this.#picture = new AbortController();
    const signal = AbortSignal.any([interruption.signal, this.#picture.signal]);
    const context = { ...this.#context, interruption: { ...interruption, signal } };
    for (const run of runs) {
      const own = { ...run, beganMs: performance.now() };
      await makeAndSave(own, this.#running, showProgress(flags, context), flags, context);
    }
  }

  async #command(line: string): Promise<void> {
    const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
    const { stderr } = this.#context;
    if (name === 'help') stderr.write(help);
    else if (name === 'options') stderr.write(this.#describe());
    else if (name === 'unset') this.#unset(rest);
    else if (name === 'set') await this.#set(...splitName(rest), '/set');
    else await this.#set(name, rest, `/${name}`);
  }

  #describe(): string {
    const rows = changeableOptions(
      generateCommand(async () => {}),
      this.#given,
    ).flatMap((option) => {
      const value = valueOfOption(this.#flags, option.attributeName());
      return value === undefined || option.negate ? [] : [`  /${nameOf(option)} ${writeValue(value)}\n`];
    });
    return rows.length === 0 ? '  nothing: the defaults of the model\n' : rows.join('');
  }

  /** @param text as on the command line @throws CodedError or CommanderError for an option or value that is not valid */
  async #set(name: string, text: string, typed: string): Promise<void> {
    const parsed = new Map<string, unknown>();
    const command = generateCommand(async (_, flags) => {
      for (const [key, each] of Object.entries(flags)) parsed.set(key, each);
    });
    command.exitOverride().configureOutput({ outputError: () => {} });
    const option = findOption(command, this.#given, name, typed);
    const isSwitch = !option.required && !option.optional;
    const key = option.attributeName();
    const value = unquote(text);
    if (isSwitch) {
      if (!['', 'on', 'off'].includes(value)) {
        throw new CodedError('usage', `/${nameOf(option)} is on or off (got ${JSON.stringify(value)})`);
      }
      return this.#apply(key, (value === 'off') === option.negate);
    }
    if (text === '') {
      const remedy = `${option.flags}: ${option.description}`;
      throw new CodedError('usage', `/${nameOf(option)} needs a value`, { remedy });
    }
    await command.parseAsync([`--${nameOf(option)}=${value}`], { from: 'user' });
    const before = valueOfOption(this.#flags, key);
    const isOneOfSeveral = Array.isArray(before) && option.parseArg !== undefined;
    this.#apply(key, isOneOfSeveral ? option.parseArg?.(value, before) : parsed.get(key));
  }

  #unset(name: string): void {
    const option = findOption(
      generateCommand(async () => {}),
      this.#given,
      name,
      '/unset',
    );
    const key = option.attributeName();
    this.#apply(key, valueOfOption(this.#given, key));
  }

  /** Of the size of a picture the later of `/size`, `/width` and `/height` applies. @throws CodedError `usage` */
  #apply(key: string, value: unknown): void {
    const { size, width = size?.width, height = size?.height, ...others } = this.#flags;
    const isSide = key === 'width' || key === 'height';
    const sides = isSide ? { width, height } : { size, width: this.#flags.width, height: this.#flags.height };
    const all: object = key === 'size' ? { ...others, size: value } : { ...others, ...sides, [key]: value };
    const changed = { ...this.#given, ...all };
    for (const name of Object.keys(changed)) {
      if (valueOfOption(all, name) === undefined) Reflect.deleteProperty(changed, name);
    }
    if (changed.server !== undefined) checkRemoteFlags(changed);
    checkCombinations(changed);
    this.#flags = changed;
  }
}

function valueOfOption(flags: object, key: string): unknown {
  return new Map<string, unknown>(Object.entries(flags)).get(key);
}

function nameOf({ long }: Option): string {
  return long?.slice(2) ?? '';
}

/**
 * The options that a line of the loop can change. A start image is read once, before the model is loaded, and so is the file of a network;
 * on a server `--upscaler` only chooses.
 *
 * @param given with what the loop is started
 */
export function changeableOptions(command: Command, given: GenerateFlags): readonly Option[] {
  const fixed: readonly string[] = given.server === undefined ? [...fixedOptions, 'upscaler'] : fixedOptions;
  const isFixed = (option: Option) =>
    option.helpGroupHeading === 'Start image:'
      ? option.attributeName() !== 'strength' || isEnlargedAlone(given) // there is no model to paint
      : fixed.includes(option.attributeName());
  return command.options.filter((option) => !isFixed(option));
}

function findOption(command: Command, given: GenerateFlags, text: string, typed: string): Option {
  const name = text.replace(/^--/, '');
  const remedy = '/help lists the commands, easel generate --help the options';
  if (name === '') throw new CodedError('usage', `${typed} needs the name of an option`, { remedy });
  const option = changeableOptions(command, given).find((each) => nameOf(each) === name);
  if (option !== undefined) return option;
  if (command.options.some((each) => nameOf(each) === name)) {
    throw new CodedError('usage', `--${name} is set when the loop is started`, {
      remedy: `end with /quit and start easel generate --interactive with --${name}`,
    });
  }
  const [near] = nearNames(name, [...commands, ...changeableOptions(command, given).map(nameOf)]);
  throw new CodedError('usage', `there is no command or option ${JSON.stringify(`/${name}`)}`, {
    remedy: near === undefined ? remedy : `did you mean /${near}? ${remedy}`,
  });
}

function splitName(text: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
  return [name, value];
}

/** People type the quotes of the shell, and `""` is the one way to write an empty text. */
function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}

function writeValue(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'width' in value && 'height' in value)
    return `${value.width}x${value.height}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What Tab completes: commands and options at the start of a line. */
function completeLine(line: string, given: GenerateFlags): [matches: string[], typed: string] {
  if (!/^\/\S*$/.test(line)) return [[], line];
  const options = changeableOptions(
    generateCommand(async () => {}),
    given,
  );
  const names = [...commands, ...options.map(nameOf)];
  return [names.map((name) => `/${name}`).filter((name) => name.startsWith(line)), line];
}
