import { readFile } from 'node:fs/promises';
import { encodeImage, type GenerationParameters, loadUpscaler, type Upscaler } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { isComplete, type ParsedParameters, parseParameters, readParameters } from '@easel/parameters';
import type { Backend, MadePictures, MakeOptions, PlannedRun } from './backend.ts';
import type { GenerateFlags } from './flags.ts';
import { readStartPixels } from './start-files.ts';

/** What a picture's file says of how it was made. */
export function parametersIn(file: Uint8Array): ParsedParameters | undefined {
  const text = readParameters(file);
  return text === undefined ? undefined : parseParameters(text);
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
        make: (run, options) => enlarge({ file, run, upscaler, picture: start.image, before }, options),
        [Symbol.asyncDispose]: () => upscaler.close(),
      };
    },
  };
}

interface Enlargement {
  /** Of the network. */
  readonly file: string;
  readonly run: PlannedRun;
  readonly upscaler: Upscaler;
  readonly picture: Parameters<Upscaler['upscale']>[0];
  /** What the picture's file says of how it was made. */
  readonly before: GenerationParameters | undefined;
}

async function enlarge(
  { file, run, upscaler, picture, before }: Enlargement,
  { flags, signal, progress }: MakeOptions,
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
    more: { upscaler: file },
  };
}
