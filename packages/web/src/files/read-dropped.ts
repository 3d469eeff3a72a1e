import type { Model } from '@easel/contract';
import { readSettings } from '@easel/parameters';
import { type Restored, settingsOfFile } from './settings-of-file.ts';
import { readStartPicture, type StartPicture } from './start-picture.ts';

export interface Dropped extends Restored {
  /** The picture itself, to start from. */
  readonly image: StartPicture;
}

/**
 * Reads a picture somebody gives to the page.
 *
 * @param longestSide of a picture that is drawn here
 * @throws Error that says why not
 */
export async function readDropped(file: File, models: readonly Model[], longestSide: number): Promise<Dropped> {
  const image = await readStartPicture(file, longestSide);
  const found = readSettings(new Uint8Array(await file.arrayBuffer()));
  return { ...settingsOfFile(found, models), image };
}
