import type { CliContext } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { failureAsJson, renderFailure, toFailure } from '../failure.ts';
import type { Interruption } from '../interruption.ts';
import { progressFor } from '../progress/progress-for.ts';
import { PictureArea, type PictureTerminal } from '../terminal-picture/picture-area.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { type MadePictures, makePictures, type Watching } from './make-pictures.ts';
import { type PreparedRun, prepareRun } from './prepare-run.ts';
import { resultAsJson, type SavedPicture, summaryOf, warningsOf } from './result-report.ts';
import { displacement, savePictures } from './save-pictures.ts';
import { pictureTerminal, type RunningPreview, startPreview } from './start-preview.ts';

/**
 * `easel generate`: check, make, save, show, report. Standard output gets the names of the files (or the JSON) and nothing else;
 * everything for people goes to standard error.
 */
export async function runGenerate(
  argument: string | undefined,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  const run = await prepareRun(argument, flags, context, interruption.signal);
  const progress = progressFor({
    quiet: flags.quiet === true || flags.json === true,
    stream: context.stderr,
    env: context.env,
  });
  interruption.atForcedExit(() => progress.end());
  const terminal = pictureTerminal(flags, context);
  const preview = flags.preview ? startPreview(run.output.paths[0] ?? '', terminal, progress) : undefined;
  if (preview !== undefined) interruption.atForcedExit(preview.end);
  const log = context.env.EASEL_DEBUG ? (line: string) => progress.above(`${line}\n`) : undefined;
  const made = await watched(run, preview, { signal: interruption.signal, progress, previews: preview?.feed, log });
  const saved = await savePictures(run, made, interruption);
  if (terminal !== undefined) await showPictures(saved, terminal, preview?.area, context);
  return report(run, made, saved, context);
}

async function watched(
  run: PreparedRun,
  preview: RunningPreview | undefined,
  watching: Watching,
): Promise<MadePictures> {
  const { progress } = watching;
  try {
    if (preview?.file !== undefined) progress.above(`previews in ${preview.file}\n`);
    return await makePictures(run, watching);
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
    stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    if (!run.flags.quiet) stderr.write(`${summaryOf(run, made, totalMs)}\n`);
    stdout.write(saved.map(({ file }) => `${file}\n`).join(''));
    for (const warning of warningsOf(run, made)) stderr.write(`easel: ${warning}\n`);
    if (failure) stderr.write(renderFailure(failure, displaced, Boolean(env.EASEL_DEBUG)));
  }
  return failure?.exitStatus ?? exitStatus.ok;
}
