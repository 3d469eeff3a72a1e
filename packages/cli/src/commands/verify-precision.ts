import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { EngineHost, HostOptions, ModelInfo, Profile, Spread } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import { type CommandContext, type RunCommand, readVersion } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { readPromptLines } from '../generate/read-prompt.ts';
import {
  int8FileOption,
  modelConfigOption,
  type PixelSize,
  pictureSize,
  textCacheOption,
  variantOption,
  wholeNumber,
} from '../options.ts';
import { checkFolder, createFolder, removeEmptyFolders } from '../output/folder.ts';
import { type Progress, showProgress } from '../progress.ts';
import { formatDuration, formatTable, printJson } from '../text.ts';
import type { Comparison, ComparisonPlan, ComparisonProgress } from '../verify-precision/compare-profiles.ts';
import { defaultPrompts } from '../verify-precision/default-prompts.ts';
import type { Conditions } from '../verify-precision/kept-comparison.ts';

interface VerifyFlags {
  readonly prompts?: string;
  readonly profiles: string;
  readonly size?: PixelSize;
  readonly steps?: number;
  readonly seed: number;
  readonly output?: string;
  readonly modelConfig?: string;
  readonly variant?: 'fp16' | 'fp32';
  readonly int8File?: string;
  readonly threads?: number;
  readonly textCache?: 'on' | 'off';
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `easel model verify-precision` */
export function verifyPrecisionCommand(run: RunCommand): Command {
  return new Command('verify-precision')
    .description('Measure what the faster profiles cost in quality: the same pictures in exact and in each, compared.')
    .argument('<name|path>', 'a name, a diffusers folder or a .safetensors file')
    .addOption(
      new Option(
        '--prompts <file>',
        `a file with a prompt a line, - is standard input (default: ${defaultPrompts.length} of all kinds)`,
      ),
    )
    .addOption(new Option('--profiles <list>', 'what is compared with exact').default('int8,fast'))
    .addOption(new Option('--size <WxH>', "of the pictures (default: the model's)").argParser(pictureSize('--size')))
    .addOption(new Option('--steps <n>', "1–100 (default: the model's)").argParser(wholeNumber('--steps', 1, 100)))
    .addOption(
      new Option('--seed <n>', 'of the first prompt; each has one more')
        .argParser(wholeNumber('--seed', 0, MAX_SEED))
        .default(1),
    )
    .addOption(
      new Option(
        '-o, --output <folder>',
        'keep the pictures and sheets of them side by side; a run that was interrupted resumes there',
      ),
    )
    .addOption(int8FileOption())
    .addOption(modelConfigOption())
    .addOption(variantOption())
    .addOption(textCacheOption())
    .addOption(
      new Option('--threads <n>', 'processor threads (default: one per physical core)').argParser(
        wholeNumber('--threads', 1, 256),
      ),
    )
    .option('-q, --quiet', 'no progress')
    .option('--json', 'print the results as JSON')
    .action((nameOrPath: string, flags: VerifyFlags) => run((context) => verifyPrecision(nameOrPath, flags, context)));
}

/** So that no picture's seed is above the largest. */
const MAX_SEED = 999_999_000_000_000;

/** Prints the table (or the JSON) on standard output. */
async function verifyPrecision(name: string, flags: VerifyFlags, context: CommandContext): Promise<ExitStatus> {
  const { env, stdout, interruption } = context;
  const began = performance.now();
  const [engine, { resolveModel }] = await Promise.all([import('@easel/engine'), import('@easel/models')]);
  const profiles = readProfiles(flags.profiles, engine.profileNames);
  const prompts = await readPrompts(flags, context);
  using folder = openFolder(flags.output);
  const path = resolveModel(name, env);
  const progress = showProgress(flags, context);
  progress.begin(`loading ${name}`);
  const load = loadOptions(flags);
  const host = await engine.createEngineHost({ model: path, load, signal: interruption.signal });
  const close = () => void host.close();
  interruption.signal.addEventListener('abort', close);
  try {
    const { width, height, steps } = {
      ...host.info.defaults,
      ...flags.size,
      ...(flags.steps && { steps: flags.steps }),
    };
    const plan = { prompts, firstSeed: flags.seed, profiles, size: { width, height }, steps };
    const comparison = await compare(host, plan, folder.path, progress, context);
    progress.end();
    const results = { model: { name, path, family: host.info.family }, ...plan, ...comparison };
    if (flags.json) printJson(context, { ...results, timings: { commandMs: Math.round(performance.now() - began) } });
    else stdout.write(renderComparison(results));
    return exitStatus.ok;
  } finally {
    progress.end();
    interruption.signal.removeEventListener('abort', close);
    await host.close();
  }
}

async function compare(
  host: EngineHost,
  plan: ComparisonPlan,
  folder: string | undefined,
  progress: Progress,
  { interruption, stderr }: CommandContext,
): Promise<Comparison> {
  const [{ compareProfiles }, { KeptComparison }] = await Promise.all([
    import('../verify-precision/compare-profiles.ts'),
    import('../verify-precision/kept-comparison.ts'),
  ]);
  const { signal } = interruption;
  const kept =
    folder === undefined ? undefined : new KeptComparison(folder, conditionsOf(host.info, plan), interruption);
  try {
    const comparison = await compareProfiles(host, plan, {
      signal,
      store: kept ?? { find: async () => undefined, keep: async () => {} },
      onProgress: reportProgress(progress, stderr.isTTY === true),
      onPrompt: async (exact, others) => kept?.saveSheet(exact, others),
    });
    await kept?.saveResults(comparison);
    return comparison;
  } catch (error) {
    if (!signal.aborted || kept === undefined || kept.count === 0) throw error;
    const pictures = kept.count === 1 ? '1 picture is' : `${kept.count} pictures are`;
    const message = `stopped; ${pictures} in ${folder}, and the same command goes on from there`;
    throw new CodedError('stopped', message, { cause: error });
  }
}

/** What makes pictures of the same prompt, seed and profile different. */
function conditionsOf({ path, components }: ModelInfo, { size, steps }: ComparisonPlan): Conditions {
  const files = components.flatMap((component) => component.files).toSorted();
  const weights = files.map((file) => `${basename(file)} ${statSync(file).size} ${statSync(file).mtime.toISOString()}`);
  return { model: path, weights: weights.join(', '), ...size, steps, version: readVersion() };
}

/** @throws CodedError `usage` */
function readProfiles(list: string, known: readonly Profile[]): readonly Profile[] {
  const comparable = known.filter((profile) => profile !== 'exact');
  const names = list.split(',').map((name) => name.trim());
  return [...new Set(names)].map((name) => {
    const profile = comparable.find((each) => each === name);
    if (profile !== undefined) return profile;
    const message = `--profiles must be a list of ${comparable.join(' and ')} with commas (got ${JSON.stringify(list)})`;
    throw new CodedError('usage', message, {
      ...(name === 'exact' && { remedy: 'leave exact out: the others are compared with it' }),
    });
  });
}

async function readPrompts({ prompts }: VerifyFlags, { stdin }: CommandContext): Promise<readonly string[]> {
  if (prompts === undefined) return defaultPrompts;
  return readPromptLines({ argument: undefined, file: prompts, stdin });
}

/** The folder, created where it does not exist, and removed again where nothing is saved in it. */
function openFolder(path: string | undefined): Disposable & { readonly path: string | undefined } {
  if (path === '') throw new CodedError('usage', '--output is empty', { remedy: 'give a folder, or leave it out' });
  const created = path === undefined || existsSync(path) ? [] : createFolder(resolve(path));
  if (path !== undefined) checkFolder(path);
  return { path, [Symbol.dispose]: () => removeEmptyFolders(created) };
}

function loadOptions({
  int8File,
  modelConfig,
  variant,
  threads,
  textCache,
}: VerifyFlags): NonNullable<HostOptions['load']> {
  return {
    device: 'cpu', // the only one that has all profiles
    ...(int8File !== undefined && { int8File }),
    ...(modelConfig !== undefined && { config: modelConfig }),
    ...(variant !== undefined && { variant }),
    ...(threads !== undefined && { threads }),
    ...(textCache === 'off' && { textCache: false }),
  };
}

/** On a terminal the line is kept up to date; elsewhere there is a line for every picture. */
function reportProgress(progress: Progress, isTerminal: boolean): (progress: ComparisonProgress) => void {
  return ({ picture, pictures, profile, step, steps, leftMs }) => {
    if (!isTerminal && step > 1) return;
    const at = isTerminal ? `, step ${step} of ${steps}` : '';
    progress.begin(`picture ${picture} of ${pictures} (${profile})${at}, about ${formatDuration(leftMs)} left`);
  };
}

type Results = Comparison &
  Omit<ComparisonPlan, 'profiles'> & { readonly model: { readonly name: string; readonly family: string } };

function renderComparison({ model, prompts, size, steps, firstSeed, exactSeconds, profiles }: Results): string {
  const header = ['profile', 'MS-SSIM', 'worst', 'PSNR, dB', 'worst', 'CIEDE2000', 'worst', 's a picture', 'speed'];
  const rows = profiles.map(({ profile, seconds, speedup, ...measures }) => [
    profile,
    ...both(measures.msSsim, 4, '–'),
    ...both(measures.psnr, 1, 'equal'),
    ...both(measures.ciede2000, 2, '–'),
    seconds.toFixed(1),
    `${speedup.toFixed(1)} ×`,
  ]);
  const exact = ['exact', ...Array.from({ length: 6 }, () => ''), exactSeconds.toFixed(1), '1 ×'];
  const seeds = prompts.length === 1 ? `seed ${firstSeed}` : `seeds ${firstSeed} to ${firstSeed + prompts.length - 1}`;
  const count = prompts.length === 1 ? '1 prompt' : `${prompts.length} prompts`;
  return [
    `${model.name} (${model.family}): ${count}, ${seeds}, ${size.width}×${size.height}, ${steps} steps\n\n`,
    formatTable([header, exact, ...rows]),
    '\nThe median of the prompts, and the worst. Equal pictures have an MS-SSIM of 1 and a CIEDE2000 of 0; a CIEDE2000 of 1 can just be seen.\n',
  ].join('');
}

function both({ median, worst }: Spread, digits: number, absent: string): string[] {
  return [median, worst].map((value) => value?.toFixed(digits) ?? absent);
}
