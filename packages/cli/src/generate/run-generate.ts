import { firstSeed, pickAlternatives, seedsOfSamples } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { CommandContext } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { failureAsJson, renderFailure, toFailure } from '../failure.ts';
import { checkFolder, createFolder, removeEmptyFolders } from '../output/folder.ts';
import { formatOfName, type OutputPlan, planOutput } from '../output/plan.ts';
import { checkStandardOutput, deliverPictures } from '../output/save.ts';
import { type Progress, showProgress } from '../progress.ts';
import { PictureArea, type PictureTerminal } from '../terminal-picture.ts';
import { allCombinations } from './alternatives.ts';
import type { Backend, MadePicture, MadePictures, PlannedRun, RunningBackend } from './backend.ts';
import { checkRemoteFlags } from './build-job.ts';
import { checkCombinations, type GenerateFlags, hasManyPrompts, isEnlargedAlone } from './flags.ts';
import { lorasOf } from './lora-flags.ts';
import { pictureTerminal, startPreview } from './preview.ts';
import { readPrompt, readPromptLines } from './read-prompt.ts';
import { listWarnings, resultAsJson, summarizeRun } from './report.ts';

/**
 * `easel generate`: check, make, save, show, report, for one prompt or with `--each-line` for many. Standard output gets the names of the
 * files (or the JSON, or the picture) and nothing else; messages for people go to standard error.
 */
export async function runGenerate(
  argument: string | undefined,
  given: GenerateFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  if (given.server !== undefined) checkRemoteFlags(given);
  checkCombinations(given);
  const prompts = await readPrompts(argument, given, context);
  const runs = planRuns(prompts, given, context);
  const flags = flagsOfRuns(given);
  const backend = await openBackend(flags, context);
  using _folders = prepareFolders(runs, context);
  const progress = showProgress(flags, context);
  await using running = await start(backend, progress, context);
  return await runEach(runs, context, (run, index) => {
    const own = index === 0 ? progress : showProgress(flags, context);
    if (runs.length > 1) own.above(`prompt ${index + 1} of ${runs.length}: ${run.prompt}\n`);
    return makeAndSave(run, running, own, flags, context);
  });
}

/** Only the one that is used is loaded. */
export async function openBackend(flags: GenerateFlags, context: CommandContext): Promise<Backend> {
  if (isEnlargedAlone(flags)) {
    const { openEnlarger } = await import('./upscale-here.ts');
    return openEnlarger(flags);
  }
  if (flags.server === undefined) {
    const { openLocalBackend } = await import('./here.ts');
    return openLocalBackend(flags, context);
  }
  const { openRemoteBackend } = await import('./on-server.ts');
  return openRemoteBackend(flags, context);
}

export async function start(
  backend: Backend,
  progress: Progress,
  { interruption }: CommandContext,
): Promise<RunningBackend> {
  try {
    return await backend.start({ signal: interruption.signal, progress });
  } catch (error) {
    progress.end();
    throw error;
  }
}

/** An interruption ends the wait for standard input, which is not touched when it is not read. */
async function readPrompts(
  argument: string | undefined,
  { promptFile: file, eachLine = false }: GenerateFlags,
  { stdin, interruption: { signal } }: CommandContext,
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

/** The runs of the prompts; their options are `flagsOfRuns`. */
export function planRuns(prompts: readonly string[], flags: GenerateFlags, context: CommandContext): PlannedRun[] {
  if (flags.alternatives === 'all') {
    return prompts.flatMap(allCombinations).map((prompt) => planRun(prompt, flags, context));
  }
  if (flags.alternatives === undefined) return prompts.map((prompt) => planRun(prompt, flags, context));
  const one = flagsOfRuns(flags);
  return prompts.flatMap((prompt) =>
    seedsOfSamples(firstSeed(flags.seed), flags.samples).map((seed) =>
      planRun(pickAlternatives(prompt, seed), { ...one, seed }, context),
    ),
  );
}

/** With random alternatives each picture has a prompt of its own. */
export function flagsOfRuns(flags: GenerateFlags): GenerateFlags {
  return flags.alternatives === 'random' ? { ...flags, samples: 1 } : flags;
}

function planRun(prompt: string, flags: GenerateFlags, context: CommandContext): PlannedRun {
  lorasOf(prompt, flags); // checks those in the prompt
  const seeds = seedsOfSamples(firstSeed(flags.seed), flags.samples, flags.variationStrength);
  const seedsInNames = flags.generator === 'shared' ? seeds.map(() => seeds[0]) : seeds;
  return { prompt, seeds, output: planFiles(prompt, seedsInNames, flags, context) };
}

/** Decides where the pictures go, and proves that an existing folder is writable. */
function planFiles(
  prompt: string,
  seeds: readonly number[],
  flags: GenerateFlags,
  { stdout }: CommandContext,
): OutputPlan {
  const { output, format, overwrite } = flags;
  const plan = planOutput({
    prompt,
    seeds,
    ...(output !== undefined && { output }),
    ...(format !== undefined && { format: formatOfName(format) }),
    ...(overwrite !== undefined && { overwrite }),
  });
  if (hasManyPrompts(flags) && (plan.kind === 'stream' || plan.named)) {
    const option = flags.eachLine ? '--each-line' : flags.interactive ? '--interactive' : '--alternatives';
    throw new CodedError('usage', `--output must be a folder with ${option} (got ${output})`, {
      remedy: 'end it with a slash to create it',
    });
  }
  checkStandardOutput(plan, flags, stdout);
  if (plan.kind === 'files' && !plan.createFolder) checkFolder(plan.folder);
  return plan;
}

/**
 * Creates the folders of the plans, before time is spent on pictures that could not be saved.
 *
 * @returns its disposal removes those that are still empty, because the run failed or was stopped
 * @throws CodedError `output_unwritable` or `disk_full`
 */
export function prepareFolders(runs: readonly PlannedRun[], { interruption }: CommandContext): Disposable {
  const created: string[] = [];
  const undo = () => removeEmptyFolders(created);
  interruption.atForcedExit(undo);
  const wanted = runs.flatMap(({ output }) => (output.kind === 'files' && output.createFolder ? [output.folder] : []));
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

/**
 * Runs one after another. An interruption stops the current run; the ones before it are saved, and the message says so. The status is
 * that of the first run that failed.
 */
async function runEach(
  runs: readonly PlannedRun[],
  { interruption: { signal } }: CommandContext,
  runOne: (run: PlannedRun, index: number) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.ok;
  for (const [index, run] of runs.entries()) {
    try {
      const ended = await runOne(run, index);
      if (status === exitStatus.ok) status = ended;
    } catch (error) {
      if (!signal.aborted || index === 0) throw error;
      throw new CodedError('stopped', `stopped; ${index} of ${runs.length} prompts are done and saved`, {
        cause: error,
      });
    }
  }
  return status;
}

export async function makeAndSave(
  run: PlannedRun,
  backend: RunningBackend,
  progress: Progress,
  flags: GenerateFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  const { signal, atForcedExit } = context.interruption;
  const terminal = pictureTerminal(flags, context);
  const preview = flags.preview ? startPreview(run.output, terminal, progress) : undefined;
  if (preview !== undefined) atForcedExit(preview.end);
  let made: MadePictures;
  try {
    if (preview?.file !== undefined) progress.above(`previews in ${preview.file}\n`);
    made = await backend.make(run, { flags, signal, progress, previews: preview?.feed });
  } finally {
    progress.end();
    preview?.end();
  }
  const bytes = made.pictures.map((picture) => picture.bytes);
  const files = await deliverPictures(run.output, bytes, { stdout: context.stdout, signal, atForcedExit });
  if (terminal !== undefined) await showPictures(made.pictures, terminal, preview?.area, context);
  return report(run, made, files, flags, context);
}

/** One below the other, the first in place of the preview. */
async function showPictures(
  pictures: readonly MadePicture[],
  terminal: PictureTerminal,
  previewArea: PictureArea | undefined,
  { stderr }: CommandContext,
) {
  let area = previewArea;
  for (const picture of pictures) {
    stderr.write(await (area ?? new PictureArea(terminal)).draw(await picture.decode()));
    area = undefined;
  }
}

function report(
  run: PlannedRun,
  made: MadePictures,
  files: readonly string[],
  flags: GenerateFlags,
  { stdout, stderr, env }: CommandContext,
): ExitStatus {
  const totalMs = performance.now() - (run.beganMs ?? 0);
  const displaced = findDisplaced(run.output, files);
  const failure = displaced && toFailure(displaced);
  if (flags.json) {
    const result = { ...resultAsJson(run, flags, made, files, totalMs), ...(failure && failureAsJson(failure)) };
    // With several prompts each result is one line, as soon as it is there (JSON Lines).
    const text = hasManyPrompts(flags)
      ? JSON.stringify({ prompt: run.prompt, ...result })
      : JSON.stringify(result, null, 2);
    stdout.write(`${text}\n`);
  } else {
    if (!flags.quiet) stderr.write(`${summarizeRun(flags, made, totalMs)}\n`);
    if (run.output.kind === 'files') stdout.write(files.map((file) => `${file}\n`).join(''));
    for (const warning of listWarnings(run, flags, made)) stderr.write(`easel: ${warning}\n`);
    if (failure) stderr.write(renderFailure(failure, displaced, Boolean(env.EASEL_DEBUG)));
  }
  return failure?.exitStatus ?? exitStatus.ok;
}

/** The failure of a run whose names were taken by another program meanwhile; the pictures are saved under other names. */
function findDisplaced(output: OutputPlan, files: readonly string[]): CodedError | undefined {
  if (output.kind === 'stream' || !output.named) return undefined;
  const moved = files.flatMap((file, index) =>
    file === output.paths[index] ? [] : [{ wanted: output.paths[index], file }],
  );
  if (moved.length === 0) return undefined;
  const messages = moved.map(
    ({ wanted, file }) => `${wanted} was created by another program in the meantime, so the picture is in ${file}`,
  );
  return new CodedError('output_exists', messages.join('; '), {
    remedy: 'rename the files as you like; nothing is lost',
  });
}
