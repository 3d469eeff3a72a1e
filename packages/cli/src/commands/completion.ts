import { Argument, Command, type Option } from 'commander';
import type { RunCommand } from '../cli-context.ts';
import { exitStatus } from '../exit-status.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** `easel completion` */
export function completionCommand(run: RunCommand, program: Command): Command {
  return new Command('completion')
    .description('Print a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', examples)
    .action((shell: Shell) =>
      run(async ({ stdout }) => {
        stdout.write(completionScript(shell, program));
        return exitStatus.ok;
      }),
    );
}

const examples = `
Examples:
  source <(easel completion bash)                                        in ~/.bashrc
  source <(easel completion zsh)                                         in ~/.zshrc, after compinit
  easel completion fish > ~/.config/fish/completions/easel.fish
`;

/** What can be typed after a command: its subcommands, its options, and their values. */
interface CompletedCommand {
  /** The command's path: `keys create`; empty is easel itself. */
  readonly path: string;
  readonly commands: readonly Described[];
  readonly options: readonly CompletedOption[];
  /** What the command itself takes, where that is one of a few words. */
  readonly choices: readonly string[];
  /** Whether it takes a file or a folder. */
  readonly takesFile: boolean;
}

interface Described {
  readonly name: string;
  readonly text: string;
}

interface CompletedOption {
  /** `-o`, `--output` */
  readonly names: readonly string[];
  readonly text: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly takesFile: boolean;
}

/**
 * The completion script of a shell, written from the commands themselves. It completes `easel` and `./easel`.
 *
 * @example
 * ```sh
 * source <(easel completion bash)
 * ```
 */
function completionScript(shell: Shell, program: Command): string {
  return writers[shell](describeCommands(program, []));
}

const writers = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  Shell,
  (places: readonly CompletedCommand[]) => string
>;

function describeCommands(command: Command, path: readonly string[]): CompletedCommand[] {
  const help = command.createHelp();
  const commands = command.commands.map((child) => ({ name: child.name(), text: firstSentence(child.description()) }));
  const described: CompletedCommand = {
    path: path.join(' '),
    commands: path.length === 0 ? [...commands, { name: 'help', text: 'Print the help of a command' }] : commands,
    options: help.visibleOptions(command).map(describeOption),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesFile: command.registeredArguments.some((argument) => /path|file/.test(argument.name())),
  };
  return [described, ...command.commands.flatMap((child) => describeCommands(child, [...path, child.name()]))];
}

function describeOption(option: Option): CompletedOption {
  return {
    names: [option.short, option.long].filter((name) => name != null),
    text: firstSentence(option.description),
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    takesFile: /<[^>]*(file|folder|path)/.test(option.flags),
  };
}

/** Short enough for a menu. */
function firstSentence(text: string): string {
  return text.split(/[;(.]/, 1)[0]?.trim() ?? '';
}

/** Quotes a word for a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function listWords({ commands, options, choices }: CompletedCommand): string {
  return [...commands.map(({ name }) => name), ...choices, ...options.flatMap(({ names }) => names)].join(' ');
}

/** The bodies of the two `case`s that bash and zsh share: what may follow an option, and what may follow a command. */
function posixCases(places: readonly CompletedCommand[]): { readonly values: string; readonly words: string } {
  const values = places.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ names, choices, takesFile }) => {
        const patterns = names.map((name) => quote(`${path}|${name}`)).join('|');
        const kind = takesFile ? 'files=1' : 'files=';
        return `    ${patterns}) ${kind} words=${quote(choices.join(' '))} value=1 ;;\n`;
      }),
  );
  const words = places.map(
    (place) => `    ${quote(place.path)}) files=${place.takesFile ? 1 : ''} words=${quote(listWords(place))} ;;\n`,
  );
  return { values: values.join(''), words: words.join('') };
}

/** Finds the command's path among the words typed so far: a word that is a command below the present one leads on. */
function pathFinder(places: readonly CompletedCommand[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `case "\${place:+$place }$word" in ${paths.join('|')}) place=\${place:+$place }$word ;; esac`;
}

function bashScript(places: readonly CompletedCommand[]): string {
  const { values, words } = posixCases(places);
  return `# Completion of easel for bash: source <(easel completion bash)
_easel() {
  local word place= words= files= value= current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    ${pathFinder(places)}
  done
  case "$place|$before" in
${values}  esac
  if [ -z "$value" ]; then
    case "$place" in
${words}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$files" ]; then COMPREPLY+=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null; fi
}
complete -F _easel easel ./easel
`;
}

function zshScript(places: readonly CompletedCommand[]): string {
  const { values, words } = posixCases(places);
  return `#compdef easel
# Completion of easel for zsh: source <(easel completion zsh), after compinit
_easel() {
  local word place= files= value= typed="" before=\${words[CURRENT-1]}
  local -a all; all=("\${(@)words[2,CURRENT-1]}")
  local words=
  for word in $all; do
    ${pathFinder(places)}
  done
  case "$place|$before" in
${values}  esac
  if [ -z "$value" ]; then
    case "$place" in
${words}    esac
  fi
  [ -n "$words" ] && compadd -- \${=words}
  [ -n "$files" ] && _files
  return 0
}
compdef _easel easel ./easel
`;
}

function fishScript(places: readonly CompletedCommand[]): string {
  const lines = places.flatMap(({ path, commands, options, choices, takesFile }) => {
    const at = `-n ${quote(fishCondition(path, commands))}`;
    return [
      ...commands.map(({ name, text }) => `complete -c easel -f ${at} -a ${quote(name)} -d ${quote(text)}`),
      ...choices.map((choice) => `complete -c easel -f ${at} -a ${quote(choice)}`),
      ...(takesFile ? [`complete -c easel -F ${at}`] : [`complete -c easel -f ${at}`]),
      ...options.map((option) => `complete -c easel ${at} ${fishOption(option)}`),
    ];
  });
  return `# Completion of easel for fish: easel completion fish > ~/.config/fish/completions/easel.fish\n${lines.join('\n')}\n`;
}

function fishCondition(path: string, below: readonly Described[]): string {
  if (path === '') return '__fish_use_subcommand';
  const seen = path.split(' ').map((name) => `__fish_seen_subcommand_from ${name}`);
  const notBelow =
    below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.map(({ name }) => name).join(' ')}`];
  return [...seen, ...notBelow].join('; and ');
}

function fishOption({ names, text, takesValue, choices, takesFile }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = !takesValue
    ? ''
    : takesFile
      ? ' -r -F'
      : ` -x${choices.length > 0 ? ` -a ${quote(choices.join(' '))}` : ''}`;
  return `${flags.join(' ')}${value} -d ${quote(text)}`;
}
