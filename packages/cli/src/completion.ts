import type { Command, Option } from 'commander';
import type { Shell } from './commands/completion.ts';

/** What can be typed after a command: names of commands below it, options, and what the options take. */
interface Place {
  /** The command's path: `keys create`; empty is easel itself. */
  readonly path: string;
  readonly commands: readonly Described[];
  readonly options: readonly OptionPlace[];
  /** What the command itself takes, where that is one of a few words. */
  readonly choices: readonly string[];
  /** Whether it takes a file or a folder. */
  readonly takesFile: boolean;
}

interface Described {
  readonly name: string;
  readonly text: string;
}

interface OptionPlace {
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
export function completionScript(shell: Shell, program: Command): string {
  return writers[shell](placesOf(program, []));
}

const writers = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  Shell,
  (places: readonly Place[]) => string
>;

function placesOf(command: Command, path: readonly string[]): Place[] {
  const help = command.createHelp();
  const commands = command.commands.map((child) => ({ name: child.name(), text: firstSentence(child.description()) }));
  const place: Place = {
    path: path.join(' '),
    commands: path.length === 0 ? [...commands, { name: 'help', text: 'Print the help of a command' }] : commands,
    options: help.visibleOptions(command).map(optionPlace),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesFile: command.registeredArguments.some((argument) => /path|file/.test(argument.name())),
  };
  return [place, ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function optionPlace(option: Option): OptionPlace {
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

/** A word of a shell that is taken as it is. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function wordsOf({ commands, options, choices }: Place): string {
  return [...commands.map(({ name }) => name), ...choices, ...options.flatMap(({ names }) => names)].join(' ');
}

/** The bodies of the two `case`s that bash and zsh share: what may follow an option, and what may follow a command. */
function posixCases(places: readonly Place[]): { readonly values: string; readonly words: string } {
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
    (place) => `    ${quote(place.path)}) files=${place.takesFile ? 1 : ''} words=${quote(wordsOf(place))} ;;\n`,
  );
  return { values: values.join(''), words: words.join('') };
}

/** Finds the command's path among the words typed so far: a word that is a command below the present one leads on. */
function pathFinder(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `case "\${place:+$place }$word" in ${paths.join('|')}) place=\${place:+$place }$word ;; esac`;
}

function bashScript(places: readonly Place[]): string {
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

function zshScript(places: readonly Place[]): string {
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

function fishScript(places: readonly Place[]): string {
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

function fishOption({ names, text, takesValue, choices, takesFile }: OptionPlace): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = !takesValue
    ? ''
    : takesFile
      ? ' -r -F'
      : ` -x${choices.length > 0 ? ` -a ${quote(choices.join(' '))}` : ''}`;
  return `${flags.join(' ')}${value} -d ${quote(text)}`;
}
