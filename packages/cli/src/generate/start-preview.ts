import { existsSync, rmSync } from 'node:fs';
import { type DecodedPicture, encodeImage } from '@easel/engine';
import type { CliContext } from '../cli-context.ts';
import { freeName, previewName } from '../output/file-name.ts';
import type { OutputPlan } from '../output/plan-output.ts';
import type { Progress } from '../progress/progress.ts';
import { PictureArea, type PictureTerminal } from '../terminal-picture/picture-area.ts';
import { pictureProtocol } from '../terminal-picture/picture-protocol.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { type PreviewFeed, previewsInFile, previewsInTerminal } from './preview.ts';

function encodePng(picture: DecodedPicture): Promise<Uint8Array> {
  return encodeImage(picture, { format: 'png' });
}

/** The terminal to show pictures in; undefined when there is none that can, or they are not wanted. */
export function pictureTerminal(
  flags: GenerateFlags,
  { stdout, stderr, env }: CliContext,
): PictureTerminal | undefined {
  if (!flags.show || flags.quiet || flags.json || !stdout.isTTY || !stderr.isTTY) return undefined;
  const protocol = pictureProtocol(env);
  return protocol && { protocol, size: { columns: stderr.columns, rows: stderr.rows }, encodePng };
}

export interface RunningPreview {
  readonly feed: PreviewFeed;
  /** Where the last preview is drawn, for the picture to take its place. */
  readonly area?: PictureArea;
  readonly file?: string;
  /** Removes the preview's file; it is not one of the results. */
  readonly end: () => void;
}

/** Previews in the terminal when it can show them, else in a file beside the first picture. */
export function startPreview(
  output: OutputPlan,
  terminal: PictureTerminal | undefined,
  progress: Progress,
): RunningPreview {
  if (terminal !== undefined) {
    const area = new PictureArea(terminal);
    return { feed: previewsInTerminal(area, progress), area, end: () => {} };
  }
  const firstPath = output.kind === 'files' ? output.paths[0] : output.path;
  const file = freeName(previewName(firstPath ?? ''), existsSync);
  return { feed: previewsInFile(file, encodePng), file, end: () => rmSync(file, { force: true }) };
}
