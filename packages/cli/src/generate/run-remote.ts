import { readFile } from 'node:fs/promises';
import type { EaselClient } from '@easel/client';
import { decodeImage } from '@easel/engine';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { failureAsJson, renderFailure, toFailure } from '../failure.ts';
import type { Interruption } from '../interruption.ts';
import type { OutputPlan } from '../output/plan-output.ts';
import { saveFiles } from '../output/save-files.ts';
import { progressFor } from '../progress/progress-for.ts';
import { connect } from '../remote/connect.ts';
import { PictureArea } from '../terminal-picture/picture-area.ts';
import { buildJob, checkRemoteFlags } from './build-job.ts';
import { checkCombinations } from './check-combinations.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { planned, promptOf } from './prepare-run.ts';
import { type RemoteResult, remoteJson, remoteSummary, remoteWarnings } from './remote-report.ts';
import { type DoneJob, runJob } from './run-job.ts';
import { sampleSeeds } from './sample-seeds.ts';
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
  const { client, baseUrl } = await connect(flags, context, ['EASEL_API_KEY']);
  const prompt = await promptOf(argument, flags, context, signal);
  const seeds = sampleSeeds(flags.seed, flags.samples);
  const output = planned(prompt, seeds, flags);
  const image = flags.image === undefined ? undefined : await fileAsBase64(flags.image);
  const truncated = await truncatedTexts(client, prompt, flags, signal);
  const body = buildJob({
    prompt,
    flags,
    seed: seeds[0],
    format: output.format,
    image,
    preview: flags.preview === true,
  });
  const done = await watched(client, body, output, flags, context, interruption);
  const files = await saveFiles(
    done.pictures.map(({ bytes }, index) => ({ path: output.paths[index] ?? '', bytes })),
    { overwrite: output.overwrite, signal, atForcedExit: interruption.atForcedExit },
  );
  const { remainingCredits } = client;
  return report({ server: baseUrl, job: done.job, files, remainingCredits, truncated }, output, flags, context);
}

async function watched(
  client: EaselClient,
  body: Parameters<typeof runJob>[1],
  output: OutputPlan,
  flags: GenerateFlags,
  context: CliContext,
  interruption: Interruption,
): Promise<DoneJob> {
  const { stderr, env } = context;
  const progress = progressFor({ quiet: flags.quiet === true || flags.json === true, stream: stderr, env });
  interruption.allow(CANCEL_PATIENCE_MS);
  interruption.atForcedExit(() => progress.end());
  const terminal = pictureTerminal(flags, context);
  const preview = flags.preview ? startPreview(output.paths[0] ?? '', terminal, progress) : undefined;
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
    stdout.write(
      `${JSON.stringify({ ...remoteJson(result, totalMs), ...(failure && failureAsJson(failure)) }, null, 2)}\n`,
    );
  } else {
    if (!flags.quiet) stderr.write(`${remoteSummary(result, totalMs)}\n`);
    stdout.write(result.files.map((file) => `${file}\n`).join(''));
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
    throw new CliError('image_unreadable', `--image ${path} cannot be read: ${String(error)}`, { cause: error });
  }
}
