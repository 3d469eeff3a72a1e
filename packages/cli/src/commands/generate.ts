import { Command, Option } from 'commander';
import { wholeNumber } from '../arguments/number-argument.ts';
import { pictureSize } from '../arguments/size-argument.ts';
import type { GenerateFlags } from '../generate/generate-flags.ts';
import { modelConfigOption, variantOption } from './model-options.ts';
import { type OptionGroup, pictureOptions } from './picture-options.ts';
import { apiKeyFileOption, serverOption } from './server-options.ts';

export type GenerateAction = (prompt: string | undefined, flags: GenerateFlags) => Promise<void>;

/** `easel generate`: its options; what they do is the action's. */
export function generateCommand(action: GenerateAction): Command {
  const command = new Command('generate')
    .description('Make pictures from a prompt. Defaults are those of the model.')
    .argument(
      '[prompt]',
      'what to draw, in quotes; "" is an empty prompt; without it the prompt is read from standard input',
    );
  for (const [heading, options] of groups) for (const option of options) command.addOption(option.helpGroup(heading));
  return command
    .addHelpText('after', examples)
    .action((prompt: string | undefined, flags: GenerateFlags) => action(prompt, flags));
}

const own = pictureOptions();
const optionsOf = (group: OptionGroup) => own.get(group) ?? [];

const picture = [
  ...optionsOf('Picture:'),
  new Option('--size <WxH>', 'both sides at once').argParser(pictureSize('--size')),
  new Option('--prompt-file <file>', 'read the prompt from a file, - is standard input'),
  new Option('--each-line', 'each line of the prompt file or of standard input is a prompt; the model is loaded once'),
];

const output = [
  new Option(
    '-o, --output <file|folder>',
    'where to save; folder/ is created, - is standard output (default: a name made of prompt and seed)',
  ),
  ...optionsOf('Output:'),
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
  ...optionsOf('Model:'),
  modelConfigOption(),
  variantOption(),
  new Option('--threads <n>', 'processor threads (default: the physical cores)').argParser(
    wholeNumber('--threads', 1, 256),
  ),
];

const server = [serverOption('make the pictures there'), apiKeyFileOption('EASEL_API_KEY')];

const groups: readonly (readonly [heading: string, options: readonly Option[]])[] = [
  ['Picture:', picture],
  ['Output:', output],
  ['Model:', model],
  ['From a picture:', optionsOf('From a picture:')],
  ['Sampling:', optionsOf('Sampling:')],
  ['Server:', server],
];

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
