import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DecodedPicture } from '@easel/engine';
import { temporaryName } from '../output/temporary-name.ts';
import type { Progress } from '../progress/progress.ts';
import type { PictureArea } from '../terminal-picture/picture-area.ts';

/** Takes previews as they come; those that come while one is being shown replace each other. */
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

  /** Resolves when nothing is being shown any more. */
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
      // A preview that cannot be shown is no reason to end the run: the next one may do.
    } finally {
      this.#work = undefined;
    }
  }
}

/** Previews in the terminal, above the progress bar. */
export function previewsInTerminal(area: PictureArea, progress: Progress): PreviewFeed {
  return new PreviewFeed(async (picture) => progress.above(await area.draw(picture)));
}

/** Previews in a file that is whole at any moment, for a viewer that follows it. */
export function previewsInFile(path: string, encodePng: (picture: DecodedPicture) => Promise<Uint8Array>): PreviewFeed {
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
