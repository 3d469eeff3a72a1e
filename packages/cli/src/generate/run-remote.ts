import { readFile } from 'node:fs/promises';
import type { EaselClient } from '@easel/client';
import { firstSeed, seedsOfSamples } from '@easel/contract/fields';
import { decodeImage } from '@easel/engine';
import type { CliContext } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { failureAsJson, renderFailure, toFailure } from '../failure.ts';
import type { Interruption } from '../interruption.ts';
import { deliverPictures } from '../output/deliver-pictures.ts';
import type { OutputPlan } from '../output/plan-output.ts';
import type { Progress } from '../progress/progress.ts';
import { progressOf } from '../progress/progress-for.ts';
import { type Connection, connect } from '../remote/connect.ts';
import { PictureArea } from '../terminal-picture/picture-area.ts';
import { unreadableFile } from '../unreadable-file.ts';
import { buildJob, checkRemoteFlags } from './build-job.ts';
import { checkCombinations } from './check-combinations.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { planRun, prepareFolders, promptsOf } from './prepare-run.ts';
import { type RemoteResult, remoteJson, remoteSummary, remoteWarnings } from './remote-report.ts';
import { runEach } from './run-generate.ts';
import { type DoneJob, runJob } from './run-job.ts';
import { displacement } from './save-pictures.ts';
import { pictureTerminal, startPreview } from './start-preview.ts';
import { truncatedTexts } from './truncated-texts.ts';

/** Long enough to tell the server that its job is not wanted any more. */
const CANCEL_PATIENCE_MS = 3000;

/** `easel generate --server`: the same command, the same files and the same reports, with the work done by a server. */
export async function runRemote(
  argument: string | undefined,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  checkRemoteFlags(flags);
  checkCombinations(flags);
  const { signal } = interruption;
  const server = await connect(flags, context, ['EASEL_API_KEY']);
  const prompts = await promptsOf(argument, flags, context, signal);
  const image = flags.image === undefined ? undefined : await fileAsBase64(flags.image);
  const runs = prompts.map((prompt) => {
    const seeds = seedsOfSamples(firstSeed(flags.seed), flags.samples);
    return { prompt, seeds, output: planRun(prompt, seeds, flags, context), image };
  });
  using _folder = prepareFolders(
    runs.map(({ output }) => output),
    interruption,
  );
  interruption.allow(CANCEL_PATIENCE_MS);
  return runEach(runs, interruption, (run, index) => {
    const progress = progressOf(flags, context, interruption);
    if (runs.length > 1) progress.above(`prompt ${index + 1} of ${runs.length}: ${run.prompt}\n`);
    return makeAndSave(run, server, progress, flags, context, interruption);
  });
}

interface RemoteRun {
  readonly prompt: string;
  readonly seeds: readonly [number, ...number[]];
  readonly output: OutputPlan;
  readonly image: string | undefined;
}

async function makeAndSave(
  { prompt, seeds, output, image }: RemoteRun,
  { client, baseUrl }: Connection,
  progress: Progress,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<ExitStatus> {
  const { signal, atForcedExit } = interruption;
  const truncated = await truncatedTexts(client, prompt, flags, signal);
  const preview = flags.preview === true;
  const body = buildJob({ prompt, flags, seed: seeds[0], format: output.format, image, preview });
  const { job, pictures } = await runWithProgress(client, body, output, progress, flags, context, interruption);
  const bytes = pictures.map((picture) => picture.bytes);
  const files = await deliverPictures(output, bytes, { stdout: context.stdout, signal, atForcedExit });
  const { remainingCredits } = client;
  return report({ server: baseUrl, job, files, remainingCredits, truncated, prompt }, output, flags, context);
}

async function runWithProgress(
  client: EaselClient,
  body: Parameters<typeof runJob>[1],
  output: OutputPlan,
  progress: Progress,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<DoneJob> {
  const { stderr } = context;
  const terminal = pictureTerminal(flags, context);
  const preview = flags.preview ? startPreview(output, terminal, progress) : undefined;
  if (preview !== undefined) interruption.atForcedExit(preview.end);
  try {
    if (preview?.file !== undefined) progress.above(`previews in ${preview.file}\n`);
    const done = await runJob(client, body, { signal: interruption.signal, progress, previews: preview?.feed });
    progress.end();
    if (terminal !== undefined) {
      let area = preview?.area;
      for (const { bytes } of done.pictures) {
        stderr.write(await (area ?? new PictureArea(terminal)).draw(await decodeImage(bytes)));
        area = undefined;
      }
    }
    return done;
  } finally {
    progress.end();
    preview?.end();
  }
}

function report(
  result: RemoteResult,
  output: OutputPlan,
  flags: GenerateFlags,
  { stdout, stderr, env }: CliContext,
): ExitStatus {
  const totalMs = performance.now(); // counts from the start of the process
  const displaced = displacement(
    { output },
    result.files.map((file) => ({ file })),
  );
  const failure = displaced && toFailure(displaced);
  if (flags.json) {
    const whole = { ...remoteJson(result, totalMs), ...(failure && failureAsJson(failure)) };
    const text = flags.eachLine ? JSON.stringify({ prompt: result.prompt, ...whole }) : JSON.stringify(whole, null, 2);
    stdout.write(`${text}\n`);
  } else {
    if (!flags.quiet) stderr.write(`${remoteSummary(result, totalMs)}\n`);
    if (output.kind === 'files') stdout.write(result.files.map((file) => `${file}\n`).join(''));
    for (const warning of remoteWarnings(result)) stderr.write(`easel: ${warning}\n`);
    if (failure) stderr.write(renderFailure(failure, displaced, Boolean(env.EASEL_DEBUG)));
  }
  return failure?.exitStatus ?? exitStatus.ok;
}

/** The file as it is: the server reads it. */
async function fileAsBase64(path: string): Promise<string> {
  try {
    return (await readFile(path)).toString('base64');
  } catch (error) {
    throw unreadableFile('image_unreadable', `--image ${path}`, error);
  }
}
