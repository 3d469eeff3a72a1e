import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { CodedError, systemCode } from '@easel/errors';
import { createFolder } from './check-folder.ts';
import { outputFailure } from './output-failure.ts';
import type { OutputPlan } from './plan-output.ts';
import { saveFiles } from './save-files.ts';

export interface Delivery {
  readonly stdout: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  readonly atForcedExit: (undo: () => void) => void;
}

/**
 * Puts the encoded pictures where the plan says: all the files or none, or the one picture into its stream.
 *
 * @returns the name of each as it is told to the user: where the file went, or the stream's path; `-` is standard output
 * @throws CodedError `disk_full` or `output_unwritable`
 */
export async function deliverPictures(
  plan: OutputPlan,
  pictures: readonly Uint8Array[],
  { stdout, signal, atForcedExit }: Delivery,
): Promise<string[]> {
  if (plan.kind === 'files') {
    if (!plan.named) createFolder(plan.folder); // another run may have created it, and removed it again while it was empty
    const files = pictures.map((bytes, index) => ({ path: plan.paths[index] ?? '', bytes }));
    return saveFiles(files, { overwrite: plan.overwrite, signal, atForcedExit });
  }
  const [bytes = new Uint8Array()] = pictures;
  if (plan.path === undefined) await writeToStandardOutput(stdout, bytes, signal);
  else await writeToStream(plan.path, bytes, signal);
  return [plan.path ?? '-'];
}

/** A reader that has seen enough and closed the pipe is no failure, as elsewhere on the command line. */
async function writeToStandardOutput(stdout: NodeJS.WriteStream, bytes: Uint8Array, signal: AbortSignal) {
  if (!stdout.write(bytes)) await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]);
}

/** Opening a named pipe waits for its reader. */
async function writeToStream(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  try {
    await using stream = await open(path, 'w');
    await stream.writeFile(bytes, { signal });
  } catch (error) {
    if (systemCode(error) === 'EPIPE') return;
    throw signal.aborted ? error : outputFailure(path, error);
  }
}

/** @throws CodedError `usage` when pictures in standard output would meet something else there */
export function checkStandardOutput(
  plan: OutputPlan,
  { json, preview }: { readonly json?: boolean; readonly preview?: boolean },
  { isTTY }: { readonly isTTY?: boolean },
): void {
  if (plan.kind === 'files') return;
  if (preview) {
    throw new CodedError(
      'usage',
      '--preview needs a file to keep the preview beside; leave it out with a stream as --output',
    );
  }
  if (plan.path !== undefined) return;
  if (json)
    throw new CodedError('usage', '--json and the picture would both go to standard output; leave one of them out');
  if (isTTY) {
    throw new CodedError('usage', 'standard output is a terminal, which cannot take a picture file', {
      remedy: 'send it somewhere: easel generate "a red apple" -o - > apple.png',
    });
  }
}
