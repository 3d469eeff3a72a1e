import type { FieldTable } from '@easel/contract/fields';
import { Command, Option } from 'commander';
import { wholeNumber } from '../arguments/number-argument.ts';
import { pictureSize } from '../arguments/size-argument.ts';
import type { GenerateFlags } from '../generate/generate-flags.ts';
import { modelConfigOption, variantOption } from './model-options.ts';
import { type OptionGroup, pictureOptions } from './picture-options.ts';
import { apiKeyFileOption, serverOption } from './server-options.ts';

export type GenerateAction = (prompt: string | undefined, flags: GenerateFlags) => Promise<void>;

/** `easel generate`: its options; what they do is the action's. */
export function generateCommand(action: GenerateAction, table?: FieldTable): Command {
  const command = new Command('generate')
    .description('Make pictures from a prompt. Defaults are those of the model.')
    .argument(
      '[prompt]',
      'what to draw, in quotes; "" is an empty prompt; without it the prompt is read from standard input',
    );
  for (const [heading, options] of groupsOf(table))
    for (const option of options) command.addOption(option.helpGroup(heading));
  return command
    .addHelpText('after', examples)
    .action((prompt: string | undefined, flags: GenerateFlags) => action(prompt, flags));
}

const prompts = [
  new Option('--size <WxH>', 'both sides at once').argParser(pictureSize('--size')),
  new Option('--prompt-file <file>', 'read the prompt from a file, - is standard input'),
  new Option('--each-line', 'each line of the prompt file or of standard input is a prompt; the model is loaded once'),
];

const outputOption = new Option(
  '-o, --output <file|folder>',
  'where to save; folder/ is created, - is standard output (default: a name made of prompt and seed)',
);

const output = [
  new Option('--overwrite', 'replace files that exist'),
  new Option('--no-metadata', 'leave prompt and settings out of the file'),
  new Option(
    '--preview',
    'show the picture while it is made; where a terminal cannot, keep NAME.preview.png up to date',
  ),
  new Option('--no-show', 'do not show the picture in the terminal'),
  new Option('-q, --quiet', 'no progress, no summary, no picture'),
  new Option('--json', 'print the result, or the error, as JSON'),
];

const model = [
  modelConfigOption(),
  variantOption(),
  new Option('--threads <n>', 'processor threads (default: the physical cores)').argParser(
    wholeNumber('--threads', 1, 256),
  ),
];

const server = [serverOption('make the pictures there'), apiKeyFileOption('EASEL_API_KEY')];

/** The options by their headings: those of the table of fields, and those about files, the engine and the server. */
function groupsOf(table: FieldTable | undefined): readonly (readonly [heading: string, options: readonly Option[]])[] {
  const fields = pictureOptions(table);
  const of = (group: OptionGroup) => fields.get(group) ?? [];
  return [
    ['Picture:', [...of('Picture:'), ...prompts]],
    ['Output:', [outputOption, ...of('Output:'), ...output]],
    ['Model:', [...of('Model:'), ...model]],
    ['From a picture:', of('From a picture:')],
    ['Sampling:', of('Sampling:')],
    ['Server:', server],
  ];
}

const examples = `
Examples:
  easel generate "a red apple on a blue background"
  easel generate "a fox in the snow" --seed 7 --samples 4 --output foxes/
  easel generate "a castle" --negative-prompt "clouds" --steps 50 --size 128x96 -o castle.webp
  easel generate --image sketch.png --strength 0.7 "a rocket" --json
  echo "a panda" | easel generate --quiet
  easel generate "a panda" -o - > panda.png
  easel generate --each-line --prompt-file prompts.txt -o pictures/
  EASEL_API_KEY=SG_… easel generate --server http://127.0.0.1:8400 "a panda"
  easel generate -- "--a prompt that begins with hyphens"
`;
