import { CodedError } from '@easel/errors';
import type { CliContext } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { failureAsJson, renderFailure, toFailure } from '../failure.ts';
import type { Interruption } from '../interruption.ts';
import type { Progress } from '../progress/progress.ts';
import { progressOf } from '../progress/progress-for.ts';
import { PictureArea, type PictureTerminal } from '../terminal-picture/picture-area.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { loadModel, type MadePictures, makePictures, type RunningModel, type Watching } from './make-pictures.ts';
import { type PreparedRun, prepareFolders, prepareRuns } from './prepare-run.ts';
import { resultAsJson, type SavedPicture, summaryOf, warningsOf } from './result-report.ts';
import { displacement, savePictures } from './save-pictures.ts';
import { pictureTerminal, type RunningPreview, startPreview } from './start-preview.ts';

/**
 * `easel generate`: check, make, save, show, report. Standard output gets the names of the files (or the JSON, or the picture) and
 * nothing else; everything for people goes to standard error.
 */
export async function runGenerate(
  argument: string | undefined,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  const runs = await prepareRuns(argument, flags, context, interruption.signal);
  using _folder = prepareFolders([runs[0].output], interruption);
  const { signal } = interruption;
  const progress = progressOf(flags, context, interruption);
  const log = context.env.EASEL_DEBUG ? (line: string) => progress.above(`${line}\n`) : undefined;
  const load = async () => {
    try {
      return await loadModel(runs[0], { signal, progress, log });
    } catch (error) {
      progress.end();
      throw error;
    }
  };
  await using model = await load();
  return await runEach(runs, interruption, (run, index) => {
    const own = index === 0 ? progress : progressOf(flags, context, interruption);
    if (runs.length > 1) own.above(`prompt ${index + 1} of ${runs.length}: ${run.request.prompt}\n`);
    return makeAndSave(run, model, own, context, interruption);
  });
}

/**
 * Runs one after another. What an interruption stops is the run under way; those before it are saved, and the message says so.
 * The status is that of the first that did not end well.
 */
export async function runEach<Run>(
  runs: readonly Run[],
  { signal }: Interruption,
  once: (run: Run, index: number) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.ok;
  for (const [index, run] of runs.entries()) {
    try {
      const ended = await once(run, index);
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

async function makeAndSave(
  run: PreparedRun,
  model: RunningModel,
  progress: Progress,
  context: CliContext,
  { signal, atForcedExit }: Interruption,
): Promise<ExitStatus> {
  const terminal = pictureTerminal(run.flags, context);
  const preview = run.flags.preview ? startPreview(run.output, terminal, progress) : undefined;
  if (preview !== undefined) atForcedExit(preview.end);
  const made = await generateWithProgress(run, model, preview, { signal, progress, previews: preview?.feed });
  const saved = await savePictures(run, made, { stdout: context.stdout, signal, atForcedExit });
  if (terminal !== undefined) await showPictures(saved, terminal, preview?.area, context);
  return report(run, made, saved, context);
}

async function generateWithProgress(
  run: PreparedRun,
  model: RunningModel,
  preview: RunningPreview | undefined,
  watching: Watching,
): Promise<MadePictures> {
  const { progress } = watching;
  try {
    if (preview?.file !== undefined) progress.above(`previews in ${preview.file}\n`);
    return await makePictures(model, run, watching);
  } finally {
    progress.end();
    preview?.end();
  }
}

/** One below the other, the first in place of the preview. */
async function showPictures(
  saved: readonly SavedPicture[],
  terminal: PictureTerminal,
  previewArea: PictureArea | undefined,
  { stderr }: CliContext,
) {
  let area = previewArea;
  for (const { image } of saved) {
    stderr.write(await (area ?? new PictureArea(terminal)).draw(image));
    area = undefined;
  }
}

function report(
  run: PreparedRun,
  made: MadePictures,
  saved: readonly SavedPicture[],
  { stdout, stderr, env }: CliContext,
): ExitStatus {
  const totalMs = performance.now(); // counts from the start of the process
  const displaced = displacement(run, saved);
  const failure = displaced && toFailure(displaced);
  if (run.flags.json) {
    const result = { ...resultAsJson(run, made, saved, totalMs), ...(failure && failureAsJson(failure)) };
    // With several prompts each result is one line as soon as it is there (JSON Lines).
    const text = run.flags.eachLine
      ? JSON.stringify({ prompt: run.request.prompt, ...result })
      : JSON.stringify(result, null, 2);
    stdout.write(`${text}\n`);
  } else {
    if (!run.flags.quiet) stderr.write(`${summaryOf(run, made, totalMs)}\n`);
    if (run.output.kind === 'files') stdout.write(saved.map(({ file }) => `${file}\n`).join(''));
    for (const warning of warningsOf(run, made)) stderr.write(`easel: ${warning}\n`);
    if (failure) stderr.write(renderFailure(failure, displaced, Boolean(env.EASEL_DEBUG)));
  }
  return failure?.exitStatus ?? exitStatus.ok;
}
