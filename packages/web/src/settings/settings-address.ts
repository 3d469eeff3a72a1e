import {
  type Field,
  isWithin,
  type LoraChoice,
  limits,
  MAX_PROMPT_LENGTH,
  type Model,
  pagePaths,
  parseSize,
  pictureFields,
  wireName,
} from '@easel/contract';
import { addressSettings } from './initial-settings.ts';
import type { Settings } from './settings.ts';

/**
 * The address of the playground with these settings in its form. What goes without saying is left out, and so are pictures: the start
 * image is in no address.
 *
 * @param values by the names of the table of fields, as the form, a job or a picture's file has them
 * @example
 * addressOfSettings({ prompt: 'a fox', seed: 7, width: 256, height: 144 }); // '/?prompt=a+fox&seed=7&size=256x144'
 */
export function addressOfSettings<Values extends Partial<Pick<Settings, 'width' | 'height' | 'loras'>>>(
  values: Values,
): string {
  const query = new URLSearchParams();
  const known = new Map<string, unknown>(Object.entries(values));
  for (const [name, field] of Object.entries<Field>(pictureFields)) {
    const value = known.get(name);
    if (field.form === undefined || unwritten.has(name) || isPlain(field, value)) continue;
    query.set(addressName(name, field), String(value));
  }
  const { width, height, loras = [] } = values;
  if (width !== undefined && height !== undefined) query.set('size', `${width}x${height}`);
  for (const { name, weight = 1 } of loras) query.append('loras', `${name}:${weight}`);
  return query.size === 0 ? pagePaths.playground : `${pagePaths.playground}?${query}`;
}

/** Written in a way of their own, or meaningless without a picture. The format of the file does not change the picture. */
const unwritten: ReadonlySet<string> = new Set(['width', 'height', 'loras', 'strength', 'format']);

function isPlain({ default: preset, kind }: Field, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  // A number that is a default today may be another one on another server; 0 is off everywhere.
  return (kind === 'boolean' || kind === 'text' || preset === 0) && value === preset;
}

function addressName(name: string, { form }: Field): string {
  return form?.address ?? wireName(name, 'api');
}

export interface AddressReading {
  readonly settings: Partial<Settings>;
  /** What the address asks for and cannot be had, in words. */
  readonly faults: readonly string[];
}

/** Reads an address of the playground. @param model the one that it names, else the one in use */
export function readAddress(query: URLSearchParams, model: Model): AddressReading {
  const { prompt, negativePrompt, ...read } = addressSettings(query, model);
  const isShort = (text: string | undefined) => text !== undefined && [...text].length <= MAX_PROMPT_LENGTH;
  const { loras, faults: loraFaults } = readLoras(query, model);
  const settings: Partial<Settings> = {
    ...read,
    ...(isShort(prompt) && { prompt }),
    ...(isShort(negativePrompt) && { negativePrompt }),
    ...(loras.length > 0 && { loras }),
  };
  return { settings, faults: [...modelFaults(query, model), ...fieldFaults(query, model, settings), ...loraFaults] };
}

function modelFaults(query: URLSearchParams, model: Model): readonly string[] {
  const named = query.get('model');
  return named === null || named === model.id || named === model.name ? [] : [`model ${named} (not on this server)`];
}

function fieldFaults(query: URLSearchParams, model: Model, settings: Partial<Settings>): readonly string[] {
  const taken = new Set(Object.keys(settings));
  const faults = Object.entries<Field>(pictureFields).flatMap(([name, field]) => {
    if (field.form === undefined || sized.has(name) || taken.has(name)) return [];
    const given = query.get(addressName(name, field)) ?? query.get(wireName(name, 'api'));
    if (given === null || given.trim() === '' || name === 'model' || name === 'loras') return [];
    if (/seed/i.test(name) && given.trim() === '-1') return []; // a random one, as in a request
    return [`${field.words} ${shorten(given)}${allowedWords(name, field, model)}`];
  });
  const size = query.get('size');
  if (size === null || taken.has('width')) return faults;
  const isSize = parseSize(size.replace('×', 'x')) !== undefined;
  return [...faults, `size ${shorten(size)} (${isSize ? 'not supported by this model' : 'such as 1024x1024'})`];
}

const sized: ReadonlySet<string> = new Set(['width', 'height']);

function allowedWords(name: string, { kind, range }: Field, model: Model): string {
  if (kind === 'text') return ` (longer than ${MAX_PROMPT_LENGTH} characters)`;
  const own = model.parameters[wireName(name, 'api')];
  const [min, max] = [own?.minimum ?? range?.min, own?.maximum ?? range?.max];
  if (min === undefined || max === undefined) return '';
  return ` (allowed: ${kind === 'integer' ? 'whole numbers from ' : ''}${Math.max(min, 0)} to ${max})`;
}

/** `loras=NAME:WEIGHT`, once for each; without a weight it is 1. */
function readLoras(query: URLSearchParams, model: Model) {
  const loras: LoraChoice[] = [];
  const faults: string[] = [];
  for (const given of query.getAll('loras')) {
    const [, name = '', text = '1'] = /^(.*?)(?::([^:]*))?$/s.exec(given) ?? [];
    const weight = text.trim() === '' ? Number.NaN : Number(text);
    if (!model.loras.some((each) => each.name === name))
      faults.push(`LoRA ${shorten(name)} (not available for this model)`);
    else if (!isWithin(weight, limits.loraWeight)) faults.push(`weight ${shorten(text)} of LoRA ${name}`);
    else loras.push({ name, weight });
  }
  return { loras, faults };
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text;
}
