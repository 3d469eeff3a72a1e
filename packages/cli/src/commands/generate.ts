import { Command, Option } from 'commander';
import { number, wholeNumber } from '../arguments/number-argument.ts';
import { pictureSide, pictureSize, pointOf, sizeOf } from '../arguments/size-argument.ts';
import { CliError } from '../cli-error.ts';
import type { GenerateFlags } from '../generate/generate-flags.ts';
import { largestSeed } from '../generate/sample-seeds.ts';
import { formatNames } from '../output/picture-format.ts';
import { modelConfigOption, variantOption } from './model-options.ts';
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

const picture = [
  new Option('--negative-prompt <text>', 'what not to draw; "" is encoded too, which is not the same as none'),
  new Option('--samples <n>', 'how many pictures, 1 to 4').argParser(wholeNumber('--samples', 1, 4)).default(1),
  new Option('--steps <n>', '1 to 100').argParser(wholeNumber('--steps', 1, 100)),
  new Option('--guidance-scale <x>', '0 to 25; at 1 and below the prompt is followed without guidance').argParser(
    number('--guidance-scale', 0, 25),
  ),
  new Option('--seed <n>', `0 to ${largestSeed}; sample k has seed + k; -1 picks a random one (the default)`).argParser(
    wholeNumber('--seed', -1, largestSeed),
  ),
  new Option('--width <px>', 'a multiple of 8 from 64 to 2048').argParser(pictureSide('--width')),
  new Option('--height <px>', 'the same').argParser(pictureSide('--height')),
  new Option('--size <WxH>', 'both sides at once').argParser(pictureSize('--size')),
  new Option('--prompt-file <file>', 'read the prompt from a file, - is standard input'),
  new Option('--each-line', 'each line of the prompt file or of standard input is a prompt; the model is loaded once'),
];

const output = [
  new Option(
    '-o, --output <file|folder>',
    'where to save; folder/ is created, - is standard output (default: a name made of prompt and seed)',
  ),
  new Option('--format <format>', "default: that of the output's extension, else png").choices(formatNames),
  new Option('--quality <n>', 'of jpeg and webp, 1 to 100 (default: 95)').argParser(wholeNumber('--quality', 1, 100)),
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
  new Option('-m, --model <name|path>', 'a name, a diffusers folder or a .safetensors file (default: demo)'),
  modelConfigOption(),
  variantOption(),
  new Option('--threads <n>', 'processor threads (default: the physical cores)').argParser(
    wholeNumber('--threads', 1, 256),
  ),
];

const imageToImage = [
  new Option('--image <file>', 'start from this picture (png, jpeg, webp, gif, tiff, avif)'),
  new Option('--strength <x>', '0 keeps the picture, 1 forgets it (default: 0.6)').argParser(
    number('--strength', 0, 1),
  ),
];

const solverOrders = [1, 2, 3] as const;

const sampling = [
  new Option('--scheduler <name>', 'the sampler').choices(['edm_dpmpp_2m', 'edm_euler']),
  new Option('--sigma-schedule <name>', 'the noise levels').choices(['karras', 'exponential']),
  new Option('--solver-order <n>', 'of edm_dpmpp_2m, 1 to 3').argParser(solverOrder),
  new Option('--solver-type <name>', 'of edm_dpmpp_2m').choices(['midpoint', 'heun']),
  new Option('--guidance-rescale <x>', '0 to 1').argParser(number('--guidance-rescale', 0, 1)),
  new Option(
    '--generator <kind>',
    'per-sample (default): each picture is that of its own seed; shared: one stream for all',
  ).choices(['per-sample', 'shared']),
  new Option('--prompt-2 <text>', 'another prompt for the second text encoder'),
  new Option('--negative-prompt-2 <text>', 'another negative prompt for the second text encoder'),
  new Option('--original-size <WxH>', 'micro-conditioning: the size the picture would have come from').argParser(
    sizeOf('--original-size'),
  ),
  new Option('--crop <X,Y>', 'micro-conditioning: where it would have been cut out').argParser(pointOf('--crop')),
  new Option('--target-size <WxH>', 'micro-conditioning: the size it would have been made for').argParser(
    sizeOf('--target-size'),
  ),
  new Option('--negative-original-size <WxH>', 'the same for the negative prompt').argParser(
    sizeOf('--negative-original-size'),
  ),
  new Option('--negative-crop <X,Y>', 'the same for the negative prompt').argParser(pointOf('--negative-crop')),
  new Option('--negative-target-size <WxH>', 'the same for the negative prompt').argParser(
    sizeOf('--negative-target-size'),
  ),
];

const server = [serverOption('make the pictures there'), apiKeyFileOption('EASEL_API_KEY')];

const groups: readonly (readonly [heading: string, options: readonly Option[]])[] = [
  ['Picture:', picture],
  ['Output:', output],
  ['Model:', model],
  ['From a picture:', imageToImage],
  ['Sampling:', sampling],
  ['Server:', server],
];

function solverOrder(text: string): 1 | 2 | 3 {
  const order = solverOrders.find((candidate) => String(candidate) === text);
  if (order === undefined)
    throw new CliError('usage', `--solver-order must be 1, 2 or 3 (got ${JSON.stringify(text)})`);
  return order;
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
