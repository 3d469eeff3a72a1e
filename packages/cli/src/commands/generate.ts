import { type Field, type FieldTable, optionGroups, pictureFields, type Range, rangeOn } from '@easel/contract/fields';
import { Command, Option } from 'commander';
import { alternativeModes } from '../generate/alternatives.ts';
import type { GenerateFlags } from '../generate/flags.ts';
import {
  addLora,
  apiKeyFileOption,
  arithmeticOption,
  deviceOption,
  int8FileOption,
  joinChoices,
  margins,
  memoryOption,
  modelFilesOptions,
  number,
  parseChoice,
  pictureSide,
  pictureSize,
  pixelPoint,
  pixelSize,
  serverOption,
  textCacheOption,
  wholeNumber,
} from '../options.ts';

export type GenerateAction = (prompt: string | undefined, flags: GenerateFlags) => Promise<void>;

/** `easel generate`: its options, from the table of fields and from below. */
export function generateCommand(action: GenerateAction, table?: FieldTable): Command {
  const command = new Command('generate')
    .description('Make pictures from a prompt. Defaults come from the model.')
    .argument(
      '[prompt]',
      'what to draw, in quotes; "" is an empty prompt; without an argument it is read from standard input',
    );
  for (const [heading, options] of groupOptions(table))
    for (const option of options) command.addOption(option.helpGroup(heading));
  return command
    .addHelpText('after', examples)
    .action((prompt: string | undefined, flags: GenerateFlags) => action(prompt, flags));
}

const prompts = [
  new Option('--size <WxH>', 'width and height together').argParser(pictureSize('--size')),
  new Option('--prompt-file <file>', 'read the prompt from a file; - is standard input'),
  new Option(
    '--each-line',
    'treat each line of the prompt file or standard input as a prompt; the model is loaded once',
  ),
  new Option(
    '--alternatives <mode>',
    'read {a|b} in the prompt: all draws each combination, random picks one for each picture by its seed',
  ).choices(alternativeModes),
  new Option('-i, --interactive', 'type prompts one after another; the model stays loaded; /help lists the commands'),
];

const outputOption = new Option(
  '-o, --output <file|folder>',
  'where to save; folder/ is created, - is standard output (default: a name from prompt and seed)',
);

const output = [
  new Option('--overwrite', 'replace existing files'),
  new Option('--no-metadata', 'do not store prompt and settings in the file'),
  new Option('--preview', 'show the picture while it is being made; if the terminal cannot, update NAME.preview.png'),
  new Option('--no-show', 'do not show the picture in the terminal'),
  new Option('-q, --quiet', 'no progress, no summary, no picture'),
  new Option('--json', 'print the result or the error as JSON'),
];

const model = [
  ...modelFilesOptions(),
  int8FileOption(),
  new Option('--threads <n>', 'processor threads (default: one per physical core)').argParser(
    wholeNumber('--threads', 1, 256),
  ),
  deviceOption(),
  arithmeticOption(),
  memoryOption(),
  textCacheOption(),
  new Option('--lora-any-base', 'use LoRAs marked as made for SDXL with Playground v2.5, and the other way round'),
  new Option(
    '--taesd <name|file>',
    'decode with a tiny autoencoder (TAESD for SDXL) instead of the VAE: faster, less detail; for SDXL and Playground',
  ),
];

const outpaint = new Option(
  '--outpaint <l,r,t,b>',
  'extend --image by so many pixels left, right, top, bottom (or one number for all) and paint what is new; the result has that size',
).argParser(margins('--outpaint'));

const upscalerOption = () =>
  new Option(
    '--upscaler <file>',
    'with --upscale: an ESRGAN-type network (.safetensors) instead of the model; with --server: model or network, the file of the server',
  );

const server = [serverOption('make the pictures there'), apiKeyFileOption('EASEL_API_KEY')];

/** The options by their headings: those of the table of fields, and those for files, the engine and the server. */
function groupOptions(
  table: FieldTable | undefined,
): readonly (readonly [heading: string, options: readonly Option[]])[] {
  const fields = pictureOptions(table);
  const of = (group: OptionGroup) => fields.get(group) ?? [];
  return [
    ['Picture:', [...of('Picture:'), upscalerOption(), ...prompts]],
    ['Output:', [outputOption, ...of('Output:'), ...output]],
    ['Model:', [...of('Model:'), ...model]],
    ['Start image:', [...of('Start image:'), outpaint]],
    ['Sampling:', of('Sampling:')],
    ['Server:', server],
  ];
}

type OptionGroup = (typeof optionGroups)[number];

/** The options of `easel generate` that are fields of a picture request, by their heading in the help. */
function pictureOptions(table: FieldTable = pictureFields): ReadonlyMap<OptionGroup, readonly Option[]> {
  const options = Object.entries(table).flatMap(([name, field]) => {
    const { option } = field;
    return option === undefined ? [] : [{ group: option.group, option: createOption(name, field, option) }];
  });
  return new Map(
    optionGroups.map((group) => [group, options.filter((each) => each.group === group).map(({ option }) => option)]),
  );
}

function createOption(
  name: string,
  field: Field,
  { flags, help, note, default: preset, spellings = [] }: NonNullable<Field['option']>,
): Option {
  const option = new Option(
    flags,
    [[help, ...rangeText(field)].join(', '), ...(note === undefined ? [] : [note])].join('; '),
  );
  option.attributeName = () => name; // as the table has it, whatever the flag
  const { choices } = field;
  const texts = choices?.filter((choice) => typeof choice === 'string') ?? [];
  if (texts.length > 0) option.choices([...texts, ...spellings]);
  const parse = chooseParser(field, option.long ?? flags);
  if (parse !== undefined) option.argParser(parse);
  return preset === undefined ? option : option.default(preset);
}

/** @param before what the same option has given */
type Parser = (text: string, before: unknown) => unknown;

/** The engine's limits apply to pictures that are made here, those of the API with a server. */
function localRange({ option, range }: Field): Range | undefined {
  return option?.range ?? range;
}

function rangeText(field: Field): string[] {
  const local = localRange(field);
  const { choices = [] } = field;
  if (choices.some((choice) => typeof choice === 'number')) return [joinChoices(choices)];
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  if (!isNumber || local === undefined) return [];
  const remote = rangeOn(field, 'api');
  const text = `${field.multipleOf === undefined ? '' : `a multiple of ${field.multipleOf} from `}${local.min} to ${local.max}`;
  const isOther = remote !== undefined && (remote.min !== local.min || remote.max !== local.max);
  return [isOther ? `${text} (with --server ${remote.min} to ${remote.max})` : text];
}

function chooseParser(field: Field, flag: string): Parser | undefined {
  const { kind, choices = [] } = field;
  const { min, max } = localRange(field) ?? { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  if (kind === 'integer') return field.multipleOf === undefined ? wholeNumber(flag, min, max) : pictureSide(flag);
  if (kind === 'number') return number(flag, min, max);
  if (kind === 'size') return pixelSize(flag);
  if (kind === 'point') return pixelPoint(flag);
  if (kind === 'loras') return addLora(flag);
  return choices.some((choice) => typeof choice === 'number') ? parseChoice(flag, choices) : undefined;
}

const examples = `
Examples:
  easel generate "a red apple on a blue background"
  easel generate "a fox in the snow" --seed 7 --samples 4 --output foxes/
  easel generate "a castle" --negative-prompt "clouds" --steps 50 --size 128x96 -o castle.webp
  easel generate "a castle" --profile fast
  easel generate --image sketch.png --strength 0.7 "a rocket" --json
  easel generate --image photo.png --mask hat.png "a straw hat"
  easel generate --image photo.png --outpaint 128,128,0,0 "a beach"
  easel generate "a castle" --upscale 2
  echo "a panda" | easel generate --quiet
  easel generate "a panda" -o - > panda.png
  easel generate --each-line --prompt-file prompts.txt -o pictures/
  easel generate --alternatives all "a {red|blue} {fox|owl}" -o pictures/
  EASEL_API_KEY=SG_… easel generate --server http://127.0.0.1:8400 "a panda"
  easel generate -- "--a prompt that starts with hyphens"
`;
