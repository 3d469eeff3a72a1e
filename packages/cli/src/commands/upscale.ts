import { Command, Option } from 'commander';
import type { RunCommand } from '../cli-context.ts';
import type { UpscaleFlags } from '../generate/upscale.ts';
import { parseChoice } from '../options.ts';
import { generateCommand } from './generate.ts';

/** Those of `easel generate` that say something of a picture that is enlarged. */
const shared = [
  '--upscaler',
  '--strength',
  '--negative-prompt',
  '--seed',
  '--steps',
  '--guidance-scale',
  '--scheduler',
  '--lora',
  '--lora-any-base',
  '--format',
  '--quality',
  '--overwrite',
  '--no-metadata',
  '--no-show',
  '--quiet',
  '--json',
  '--model',
  '--model-config',
  '--variant',
  '--family',
  '--unet',
  '--vae',
  '--int8-file',
  '--taesd',
  '--text-cache',
  '--profile',
  '--threads',
  '--device',
  '--arithmetic',
  '--memory',
  '--server',
  '--api-key-file',
];

/** `easel upscale` */
export function upscaleCommand(run: RunCommand): Command {
  const command = new Command('upscale')
    .description(
      'Enlarge a picture: by image-to-image in tiles, which adds details, or with --upscaler by an ESRGAN-type network, which needs no model.',
    )
    .argument('<picture>', 'the file (png, jpeg, webp, gif, tiff, avif)')
    .addOption(
      new Option('--by <n>', 'by how much both sides grow, 2 or 4').default(2).argParser(parseChoice('--by', [2, 4])),
    )
    .addOption(
      new Option('--prompt <text>', 'what the picture shows (default: the prompt in the file, else "sharp, detailed")'),
    )
    .addOption(
      new Option(
        '-o, --output <file|folder>',
        'where to save, - is standard output (default: NAME-2x.png or NAME-4x.png here)',
      ),
    );
  const options = generateCommand(async () => {}).options.filter(({ long }) => shared.includes(long ?? ''));
  for (const option of options) command.addOption(option);
  return command.addHelpText('after', examples).action((picture: string, flags: UpscaleFlags) =>
    run(async (context) => {
      const { runUpscale } = await import('../generate/upscale.ts');
      return runUpscale(picture, flags, context);
    }),
  );
}

const examples = `
Examples:
  easel upscale fox.png
  easel upscale photo.jpg --by 4 --upscaler RealESRGAN_x4plus.safetensors -o large.png
  easel upscale photo.jpg --prompt "a harbour at dusk" --strength 0.4
`;
