import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DecodedPicture, encodeImage } from '@easel/engine';
import type { CliContext } from '../cli-context.ts';
import { temporaryName } from '../output/folder.ts';
import { freeName, type OutputPlan, previewName } from '../output/plan.ts';
import type { Progress } from '../progress.ts';
import { PictureArea, type PictureTerminal, pictureProtocol } from '../terminal-picture.ts';
import type { GenerateFlags } from './flags.ts';

/** Shows previews one at a time; those that arrive meanwhile replace each other. */
export class PreviewFeed<Picture = DecodedPicture> {
  readonly #show: (picture: Picture) => Promise<void>;
  #waiting: Picture | undefined;
  #work: Promise<void> | undefined;

  constructor(show: (picture: Picture) => Promise<void>) {
    this.#show = show;
  }

  update(picture: Picture): void {
    this.#waiting = picture;
    this.#work ??= this.#showAll();
  }

  /** Resolves when no preview is being shown. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #showAll(): Promise<void> {
    try {
      while (this.#waiting !== undefined) {
        const picture = this.#waiting;
        this.#waiting = undefined;
        await this.#show(picture);
      }
    } catch {
      // A preview that cannot be shown does not end the run: the next one may work.
    } finally {
      this.#work = undefined;
    }
  }
}

/** Previews in a file that is complete at any time, for a viewer that watches it. */
function previewsInFile(path: string): PreviewFeed {
  return new PreviewFeed(async (picture) => {
    const png = await encodePng(picture);
    const temporary = temporaryName(dirname(path));
    try {
      writeFileSync(temporary, png);
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

const encodePng = (picture: DecodedPicture) => encodeImage(picture, { format: 'png' });

/** The terminal to show pictures in; undefined when it cannot, or must not. */
export function pictureTerminal(
  flags: GenerateFlags,
  { stdout, stderr, env }: CliContext,
): PictureTerminal | undefined {
  if (!flags.show || flags.quiet || flags.json || !stdout.isTTY || !stderr.isTTY) return undefined;
  const protocol = pictureProtocol(env);
  return protocol && { protocol, size: { columns: stderr.columns, rows: stderr.rows }, encodePng };
}

interface RunningPreview {
  readonly feed: PreviewFeed;
  /** Where the last preview is drawn, for the picture to replace it. */
  readonly area?: PictureArea;
  readonly file?: string;
  /** Removes the preview's file, which is not a result. */
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
    const feed = new PreviewFeed(async (picture: DecodedPicture) => progress.above(await area.draw(picture)));
    return { feed, area, end: () => {} };
  }
  const firstPath = output.kind === 'files' ? output.paths[0] : output.path;
  const file = freeName(previewName(firstPath ?? ''), existsSync);
  return { feed: previewsInFile(file), file, end: () => rmSync(file, { force: true }) };
}
