import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { CommandContext } from '../cli-context.ts';
import type { ExitStatus } from '../exit-status.ts';
import { formatFor, formatOfName, freeName } from '../output/plan.ts';
import { unreadableFile } from '../unreadable-file.ts';
import type { GenerateFlags } from './flags.ts';
import { runGenerate } from './run-generate.ts';
import { parametersIn } from './upscale-here.ts';

/** The options of `easel upscale`. */
export interface UpscaleFlags extends Omit<GenerateFlags, 'samples' | 'image' | 'upscale'> {
  readonly by: 2 | 4;
  readonly prompt?: string;
}

/** What is painted where nobody says what a picture shows. */
const USUAL_PROMPT = 'sharp, detailed';

/** `easel upscale`: `easel generate` with a start image that is enlarged, and the prompt that its file has. */
export async function runUpscale(
  picture: string,
  { by, prompt: given, ...flags }: UpscaleFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  const file = await readFile(picture).catch((error: unknown) => {
    throw unreadableFile('image_unreadable', picture, error);
  });
  const known = parametersIn(file);
  const prompt = given ?? (known?.prompt || USUAL_PROMPT);
  const negativePrompt =
    flags.negativePrompt ?? (given === undefined ? (known?.negativePrompt ?? undefined) : undefined);
  const all: GenerateFlags = {
    ...flags,
    ...(negativePrompt !== undefined && { negativePrompt }),
    output: outputOf(picture, by, flags),
    image: picture,
    upscale: by,
    samples: 1,
  };
  return runGenerate(prompt, all, context);
}

/** Named after the picture, where no name is given. */
function outputOf(picture: string, by: number, { output, format, overwrite }: Omit<UpscaleFlags, 'by'>): string {
  const isFolder = output !== undefined && statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  if (output !== undefined && !isFolder) return output;
  const ending = formatFor(undefined, format && formatOfName(format));
  const path = join(output ?? '.', `${parse(picture).name}-${by}x.${ending === 'jpeg' ? 'jpg' : ending}`);
  return overwrite ? path : freeName(path, existsSync);
}
