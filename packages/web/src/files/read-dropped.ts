import type { Model } from '@easel/contract';
import type { Settings } from '../playground/settings.ts';
import { shown } from './believable.ts';
import { textsOfPng } from './png-text.ts';
import { type Restored, settingsOfTexts } from './settings-of-texts.ts';
import { readStartPicture, type StartPicture } from './start-picture.ts';

export interface Dropped {
  /** Of how the picture was made, as far as this server can do the same; null when the file does not say. */
  readonly settings: Partial<Settings> | null;
  /** What the file asks for and this server cannot do. */
  readonly leftOut: readonly string[];
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
  const found = settingsOfTexts(await textsOfPng(new Uint8Array(await file.arrayBuffer())));
  return found === null ? { settings: null, leftOut: [], image } : { ...settingsFor(found, models), image };
}

/** Another server's model is replaced by this one's, and a size that it does not draw is left alone: only what can be had is taken. */
function settingsFor({ settings, leftOut }: Restored, models: readonly Model[]): Omit<Dropped, 'image'> {
  const { model: name, width, height, ...rest } = settings;
  const known = models.find((model) => model.id === name || model.name === name);
  const model = known ?? models.find(({ is_default: isDefault }) => isDefault);
  const isSaid = width !== undefined && height !== undefined;
  const isDrawn = isSaid && model !== undefined && draws(model, { width, height });
  return {
    settings: { ...rest, startImage: null, ...(isDrawn && { width, height }), ...(known && { model: known.id }) },
    leftOut: [
      ...leftOut,
      ...(isSaid && !isDrawn ? [`size ${width}×${height}`] : []),
      ...(name !== undefined && known === undefined ? [`model ${shown(name)}`] : []),
    ],
  };
}

function draws({ limits }: Model, { width, height }: { readonly width: number; readonly height: number }): boolean {
  const isSide = (side: number) => side >= limits.min_side && side <= limits.max_side && side % limits.side_step === 0;
  return isSide(width) && isSide(height) && width * height <= limits.max_megapixels * 2 ** 20;
}
