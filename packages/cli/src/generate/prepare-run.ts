import { firstSeed, seedsOfSamples } from '@easel/contract/fields';
import type { DecodedPicture, GenerateRequest } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { resolveModel } from '@easel/models';
import type { CliContext } from '../cli-context.ts';
import type { Interruption } from '../interruption.ts';
import { checkFolder, createFolder, removeEmptyFolders } from '../output/check-folder.ts';
import { checkStandardOutput } from '../output/deliver-pictures.ts';
import { formatOfName } from '../output/picture-format.ts';
import { type OutputPlan, planOutput } from '../output/plan-output.ts';
import { buildRequest } from './build-request.ts';
import { checkCombinations } from './check-combinations.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { readInputPicture } from './read-input-picture.ts';
import { readPrompt, readPromptLines } from './read-prompt.ts';

/** All that is known before the model is loaded. */
export interface PreparedRun {
  readonly flags: GenerateFlags;
  readonly request: GenerateRequest;
  readonly output: OutputPlan;
  readonly modelName: string;
  readonly modelPath: string;
}

/**
 * Finds everything that can be found wrong with the runs before time is spent on them: prompts, options, output, picture, model's name.
 * There is one run, or with `--each-line` one for each line.
 */
export async function prepareRuns(
  argument: string | undefined,
  flags: GenerateFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<[PreparedRun, ...PreparedRun[]]> {
  checkCombinations(flags);
  const [first, ...others] = await promptsOf(argument, flags, context, signal);
  const plan = (prompt: string) => {
    const seeds = seedsOfSamples(firstSeed(flags.seed), flags.samples);
    const names = flags.generator === 'shared' ? seeds.map(() => seeds[0]) : seeds;
    return { prompt, seeds, output: planRun(prompt, names, flags, context) };
  };
  const [firstPlan, ...otherPlans] = [plan(first), ...others.map(plan)];
  const modelName = flags.model ?? 'demo';
  const modelPath = resolveModel(modelName, context.env);
  const picture: DecodedPicture | undefined =
    flags.image === undefined ? undefined : await readInputPicture(flags.image);
  const prepare = ({ prompt, seeds, output }: ReturnType<typeof plan>): PreparedRun => {
    return { flags, request: buildRequest(prompt, flags, seeds, picture), output, modelName, modelPath };
  };
  return [prepare(firstPlan), ...otherPlans.map(prepare)];
}

/**
 * Creates the folders that the plans ask for, before time is spent on pictures that could not be saved.
 *
 * @returns whose disposal removes again what has stayed empty, because the run was refused or stopped
 * @throws CodedError `output_unwritable` or `disk_full`
 */
export function prepareFolders(
  plans: readonly OutputPlan[],
  { atForcedExit }: Pick<Interruption, 'atForcedExit'>,
): Disposable {
  const created: string[] = [];
  const undo = () => removeEmptyFolders(created);
  atForcedExit(undo);
  const wanted = plans.flatMap((plan) => (plan.kind === 'files' && plan.createFolder ? [plan.folder] : []));
  try {
    for (const folder of new Set(wanted)) {
      created.push(...createFolder(folder));
      checkFolder(folder);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return { [Symbol.dispose]: undo };
}

/** Where the pictures go; a folder that exists has been written to. */
export function planRun(
  prompt: string,
  seeds: readonly number[],
  flags: GenerateFlags,
  { stdout }: CliContext,
): OutputPlan {
  const { output, format, overwrite } = flags;
  const plan = planOutput({
    prompt,
    seeds,
    ...(output !== undefined && { output }),
    ...(format !== undefined && { format: formatOfName(format) }),
    ...(overwrite !== undefined && { overwrite }),
  });
  if (flags.eachLine && (plan.kind === 'stream' || plan.named)) {
    throw new CodedError(
      'usage',
      `--output must be a folder with --each-line (got ${output}); end it with a slash to create it`,
    );
  }
  checkStandardOutput(plan, flags, stdout);
  if (plan.kind === 'files' && !plan.createFolder) checkFolder(plan.folder);
  return plan;
}

/** An interruption ends the wait for standard input, and does not touch it when it is not read. */
export async function promptsOf(
  argument: string | undefined,
  { promptFile: file, eachLine = false }: GenerateFlags,
  { stdin }: CliContext,
  signal: AbortSignal,
): Promise<[string, ...string[]]> {
  const stop = () => void stdin.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop);
  try {
    const source = { argument, file, stdin };
    return eachLine ? await readPromptLines(source) : [await readPrompt(source)];
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
