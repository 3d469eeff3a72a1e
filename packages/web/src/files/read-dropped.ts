import type { Model } from '@easel/contract';
import type { Settings } from '../playground/settings.ts';
import { textsOfPng } from './png-text.ts';
import { settingsOfTexts } from './settings-of-texts.ts';

export interface Dropped {
  /** Of how the picture was made, as far as this server can do the same; null when the file does not say. */
  readonly settings: Partial<Settings> | null;
  /** The file as a data URL. */
  readonly image: string;
}

const readable = ['image/png', 'image/jpeg', 'image/webp'];

/** Reads a picture somebody gives to the page. @throws Error that says why not */
export async function readDropped(file: File, models: readonly Model[]): Promise<Dropped> {
  if (!readable.includes(file.type) || !(await canBeShown(file)))
    throw new Error(`${file.name} is not a PNG, JPEG or WebP picture`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const found = settingsOfTexts(textsOfPng(bytes));
  return { settings: found === null ? null : settingsFor(found, models), image: await dataUrl(file) };
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
function settingsFor(found: Partial<Settings>, models: readonly Model[]): Partial<Settings> {
  const { model: name, width, height, ...rest } = found;
  const known = models.find((model) => model.id === name || model.name === name);
  const model = known ?? models.find(({ is_default: isDefault }) => isDefault);
  const isDrawn = width !== undefined && height !== undefined && model !== undefined && draws(model, { width, height });
  return { ...rest, startImage: null, ...(isDrawn && { width, height }), ...(known && { model: known.id }) };
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
