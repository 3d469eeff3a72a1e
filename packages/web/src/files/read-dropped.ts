import type { Model } from '@easel/contract';
import type { Settings } from '../playground/settings.ts';
import { shown } from './believable.ts';
import { textsOfPng } from './png-text.ts';
import { type Restored, settingsOfTexts } from './settings-of-texts.ts';

export interface Dropped {
  /** Of how the picture was made, as far as this server can do the same; null when the file does not say. */
  readonly settings: Partial<Settings> | null;
  /** What the file asks for and this server cannot do. */
  readonly leftOut: readonly string[];
  /** The file as a data URL. */
  readonly image: string;
}

const readable = ['image/png', 'image/jpeg', 'image/webp'];

/** Reads a picture somebody gives to the page. @throws Error that says why not */
export async function readDropped(file: File, models: readonly Model[]): Promise<Dropped> {
  if (!readable.includes(file.type) || !(await canBeShown(file)))
    throw new Error(`${file.name} is not a PNG, JPEG or WebP picture`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const found = settingsOfTexts(await textsOfPng(bytes));
  const image = await dataUrl(file);
  return found === null ? { settings: null, leftOut: [], image } : { ...settingsFor(found, models), image };
}

/** A file's type is only guessed from its name. */
function canBeShown(file: File): Promise<boolean> {
  return createImageBitmap(file).then(
    (bitmap) => {
      bitmap.close();
      return true;
    },
    () => false,
  );
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

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
