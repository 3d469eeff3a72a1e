import type { Model } from '@easel/contract';
import type { Settings } from '../playground/settings.ts';
import { parseParameters } from './parse-parameters.ts';
import { parametersOfPng } from './png-text.ts';

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
  const text = file.type === 'image/png' ? parametersOfPng(bytes) : null;
  return { settings: text === null ? null : settingsFor(parseParameters(text), models), image: await dataUrl(file) };
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

/** Another server's model is replaced by this one's: only what can be had is taken. */
function settingsFor(found: Partial<Settings>, models: readonly Model[]): Partial<Settings> {
  const { model, ...rest } = found;
  const known = models.find(({ id, name }) => id === model || name === model);
  return { ...rest, startImage: null, ...(known && { model: known.id }) };
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
