import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { encodeImage, type GenerationParameters, loadUpscaler, type Upscaler } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { isComplete, parseParameters, readParameters } from '@easel/parameters';
import type { CommandContext } from '../cli-context.ts';
import type { ExitStatus } from '../exit-status.ts';
import { formatFor, formatOfName, freeName } from '../output/plan.ts';
import { unreadableFile } from '../unreadable-file.ts';
import type { Backend, MadePictures, MakeOptions, PlannedRun } from './backend.ts';
import type { GenerateFlags } from './flags.ts';
import { runGenerate } from './run-generate.ts';
import { readStartPixels } from './start-files.ts';

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

function parametersIn(file: Uint8Array) {
  const text = readParameters(file);
  return text === undefined ? undefined : parseParameters(text);
}

/** Named after the picture, where no name is given. */
function outputOf(picture: string, by: number, { output, format, overwrite }: Omit<UpscaleFlags, 'by'>): string {
  const isFolder = output !== undefined && statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  if (output !== undefined && !isFolder) return output;
  const ending = formatFor(undefined, format && formatOfName(format));
  const path = join(output ?? '.', `${parse(picture).name}-${by}x.${ending === 'jpeg' ? 'jpg' : ending}`);
  return overwrite ? path : freeName(path, existsSync);
}

/** Enlarges the start image with a network in this process, without a model. */
export async function openEnlarger(flags: GenerateFlags): Promise<Backend> {
  const { image: path, upscaler: file } = flags;
  const start = await readStartPixels(flags);
  if (start === undefined || path === undefined || file === undefined)
    throw new CodedError('internal', 'there is nothing to enlarge');
  const own = parametersIn(await readFile(path));
  const before = own && isComplete(own) ? own : undefined;
  return {
    async start({ progress }) {
      progress.begin(`loading ${file}`);
      const { threads } = flags;
      const upscaler = await loadUpscaler(file, threads === undefined ? {} : { threads });
      return {
        make: (run, options) => enlarge({ flags, run, upscaler, picture: start.image, before }, options),
        [Symbol.asyncDispose]: () => upscaler.close(),
      };
    },
  };
}

interface Enlargement {
  readonly flags: GenerateFlags;
  readonly run: PlannedRun;
  readonly upscaler: Upscaler;
  readonly picture: Parameters<Upscaler['upscale']>[0];
  /** What the picture's file says of how it was made. */
  readonly before: GenerationParameters | undefined;
}

async function enlarge(
  { flags, run, upscaler, picture, before }: Enlargement,
  { signal, progress }: MakeOptions,
): Promise<MadePictures> {
  const { upscale = 2, quality, metadata } = flags;
  const began = performance.now();
  const { width, height, data } = await upscaler.upscale(picture, {
    by: upscale,
    signal,
    onTile: (index, total) => {
      const elapsedMs = performance.now() - began;
      progress.step({ index, total, sample: 0, sigma: 0, elapsedMs, etaMs: (elapsedMs / index) * (total - index) });
    },
  });
  const said: GenerationParameters | undefined = before && { ...before, upscale, upscaler: 'network' };
  const bytes = await encodeImage(
    { width, height, data },
    {
      format: run.output.format,
      ...(quality !== undefined && { quality }),
      ...(metadata && said && { parameters: said }),
    },
  );
  const made = { seed: null, width, height, bytes, decode: async () => ({ width, height, data }), more: {} };
  return {
    pictures: [made],
    used: { width: picture.width, height: picture.height, upscale, upscaler: 'network' },
    truncated: [],
    warnings: [],
    timings: { totalMs: performance.now() - began },
    more: { upscaler: flags.upscaler },
  };
}
