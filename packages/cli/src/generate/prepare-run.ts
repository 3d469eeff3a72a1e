import type { DecodedPicture, GenerateRequest } from '@easel/engine';
import { resolveModel } from '@easel/models';
import type { PixelSize } from '../arguments/size-argument.ts';
import type { CliContext } from '../cli-context.ts';
import { checkFolder } from '../output/check-folder.ts';
import { type OutputPlan, planOutput } from '../output/plan-output.ts';
import { buildRequest } from './build-request.ts';
import { checkCombinations } from './check-combinations.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { readInputPicture } from './read-input-picture.ts';
import { readPrompt } from './read-prompt.ts';
import { sampleSeeds } from './sample-seeds.ts';

/** All that is known before the model is loaded. */
export interface PreparedRun {
  readonly flags: GenerateFlags;
  readonly request: GenerateRequest;
  readonly output: OutputPlan;
  readonly modelName: string;
  readonly modelPath: string;
}

/** Finds everything that can be found wrong with a run before time is spent on it: prompt, options, output, picture, model's name. */
export async function prepareRun(
  argument: string | undefined,
  flags: GenerateFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<PreparedRun> {
  checkCombinations(flags);
  const prompt = await promptOf(argument, flags, context, signal);
  const seeds = sampleSeeds(flags.seed, flags.samples);
  const names = flags.generator === 'shared' ? seeds.map(() => seeds[0]) : seeds;
  const output = planned(prompt, names, flags);
  const modelName = flags.model ?? 'demo';
  const modelPath = resolveModel(modelName, context.env);
  const picture: DecodedPicture | undefined =
    flags.image === undefined ? undefined : await readInputPicture(flags.image, sizeOf(flags));
  return { flags, request: buildRequest(prompt, flags, seeds, picture), output, modelName, modelPath };
}

/** Where the pictures go; the folder has been written to. */
export function planned(
  prompt: string,
  seeds: readonly number[],
  { output, format, overwrite }: GenerateFlags,
): OutputPlan {
  const plan = planOutput({
    prompt,
    seeds,
    ...(output !== undefined && { output }),
    ...(format !== undefined && { format }),
    ...(overwrite !== undefined && { overwrite }),
  });
  checkFolder(plan.folder);
  return plan;
}

/** An interruption ends the wait for standard input, and does not touch it when it is not read. */
export async function promptOf(
  argument: string | undefined,
  { promptFile: file }: GenerateFlags,
  { stdin }: CliContext,
  signal: AbortSignal,
): Promise<string> {
  const stop = () => void stdin.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop);
  try {
    return await readPrompt({ argument, file, stdin });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function sizeOf({ size, width, height }: GenerateFlags): PixelSize | undefined {
  return size ?? (width === undefined || height === undefined ? undefined : { width, height });
}
