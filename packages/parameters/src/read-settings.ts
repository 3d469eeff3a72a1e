import { readParametersText } from './dialects/automatic1111.ts';
import { isComfyuiGraph, readComfyui } from './dialects/comfyui.ts';
import { readFooocus, readInvokeai, readSwarmui } from './dialects/other-json.ts';
import { Findings, type PictureSettings } from './findings.ts';
import { isObject, own, parseJson } from './json.ts';
import { parseParameters } from './parse-parameters.ts';
import { readTexts } from './picture-file.ts';
import { mendedLatin1 } from './png.ts';

/** Where tools store texts, in order of precedence. */
const places = [
  'parameters',
  'UserComment',
  'xmp exif:UserComment',
  'xmp parameters',
  'invokeai_metadata',
  'prompt',
  'workflow',
  'ImageDescription',
  'Make',
  'Model',
  'XPComment',
  'xmp dc:description',
  'xmp tiff:ImageDescription',
  'comment',
  'Comment',
  'Description',
] as const;

/**
 * How a PNG, JPEG or WebP picture was made, as far as its file says so in a format of Easel, AUTOMATIC1111, InvokeAI, ComfyUI, Fooocus or
 * SwarmUI, as our settings, with a list of whatever has no counterpart here. Null when there is nothing. Never throws.
 *
 * @example
 * const found = readSettings(new Uint8Array(await file.arrayBuffer()));
 * found?.settings.prompt; // undefined: not known
 * found?.leftOut; // [{ what: 'LoRA', value: 'oil (0.8)', why: 'not taken over: choose it on this server by its name' }]
 */
export function readSettings(file: Uint8Array): PictureSettings | null {
  const texts = readTexts(file);
  const readings = places.flatMap((place) => {
    const reading = readText(place, texts.get(place));
    return reading === null ? [] : [reading];
  });
  return (
    readings.find(({ settings }) => settings.prompt !== undefined) ??
    readings.find(({ source }) => source !== 'unknown') ??
    readings[0] ??
    null
  );
}

function readText(place: (typeof places)[number], text: string | undefined): PictureSettings | null {
  if (text === undefined || text.trim() === '') return null;
  // ComfyUI's nodes write into EXIF which of the two graphs follows.
  const json = /^\s*(?:(?:prompt|workflow)\s*:\s*)?(?=[{[])/i.exec(text);
  const value = json === null ? null : parseJson(text.slice(json[0].length));
  if (value !== null) return readJson(value, place);
  const parsed = parseParameters(text);
  // Cameras and other programs use these places too: without steps only the web UIs' own place counts.
  const hasSettings = parsed.steps !== undefined || parsed.other.has('Steps');
  if (!hasSettings && json !== null && /^\s*(?:\{\s*["}]|\[\s*["{[\]])/.test(text)) return readUnknown(text); // damaged JSON
  if (!hasSettings && place !== 'parameters') return null;
  return readParametersText(parsed.easelVersion === undefined ? mendedLatin1(text) : text);
}

function readJson(value: unknown, place: (typeof places)[number]): PictureSettings | null {
  if (isObject(value)) {
    const has = (name: string) => own(value, name) !== undefined;
    if (has('sui_image_params')) return readSwarmui(value);
    if (has('positive_prompt') || place === 'invokeai_metadata') return readInvokeai(value);
    if (own(value, 'metadata_scheme') === 'fooocus' || (has('base_model') && has('performance')))
      return readFooocus(value);
    if (has('Base Model') && has('Performance')) return readFooocus(value);
    if (isComfyuiGraph(value)) return readComfyui(value);
  }
  return readUnknown(value);
}

function readUnknown(value: unknown): PictureSettings {
  const findings = new Findings();
  findings.leave('metadata', value, 'of a form that is not read here');
  return findings.done('unknown');
}
