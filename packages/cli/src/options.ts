import {
  arithmeticNames,
  deviceNames,
  type Field,
  isOn,
  type LoraChoice,
  limits,
  pictureFields,
  SIDE_STEP,
  wireName,
} from '@easel/contract/fields';
import { CodedError, nearMiss } from '@easel/errors';
import { Option } from 'commander';

/** Parses whole numbers from `min` to `max` for the option `flag`; anything else is refused by name. */
export function wholeNumber(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value + 0; // + 0 turns −0 into 0
    throw new CodedError('usage', `${flag} must be a whole number from ${min} to ${max} (got ${quote(text)})`);
  };
}

/** Parses numbers with a fraction: `3`, `3.5`, `.5`, `1e-1`. */
export function number(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value + 0;
    throw new CodedError('usage', `${flag} must be a number from ${min} to ${max} (got ${quote(text)})`);
  };
}

/** Parses `none` too, for an option that takes a limit away. */
export function orNone(parse: (text: string) => number): (text: string) => number | 'none' {
  return (text) => (text === 'none' ? text : parse(text));
}

/** Parses one of these values. */
export function parseChoice(flag: string, choices: readonly (string | number)[]): (text: string) => string | number {
  return (text) => {
    const found = choices.find((choice) => String(choice) === text);
    if (found !== undefined) return found;
    throw new CodedError('usage', `${flag} must be ${joinChoices(choices)} (got ${JSON.stringify(text)})`);
  };
}

/** Parses `NAME` or `NAME:WEIGHT` and adds it to those before it. */
export function addLora(flag: string): (text: string, before: unknown) => readonly LoraChoice[] {
  const { loras, loraWeight } = limits;
  const parseWeight = number(`the weight of ${flag}`, loraWeight.min, loraWeight.max);
  return (text, given) => {
    const before = isList(given) ? given : [];
    const [, name = text, weight] = /^(.+):([+-]?[\d.]+(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
    if (name.trim() === '') throw new CodedError('usage', `${flag} needs a name or a file`);
    if (before.length >= loras.max) throw new CodedError('usage', `${flag} can be given at most ${loras.max} times`);
    return [...before, { name, weight: weight === undefined ? 1 : parseWeight(weight) }];
  };
}

function isList(given: unknown): given is readonly LoraChoice[] {
  return Array.isArray(given);
}

export function joinChoices(choices: readonly (string | number)[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

function quote(text: string): string {
  return /^[\w.+-]+$/.test(text) ? text : JSON.stringify(text);
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

const { min: smallest, max: largest } = limits.side;

/** Parses one side of the picture in pixels: a multiple of 8 within the limits. */
export function pictureSide(flag: string): (text: string) => number {
  return (text) => {
    const side = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (side >= smallest && side <= largest && side % SIDE_STEP === 0) return side;
    throw new CodedError(
      'usage',
      `${flag} must be a multiple of ${SIDE_STEP} from ${smallest} to ${largest} (got ${JSON.stringify(text)})`,
      { remedy: nearest(side) },
    );
  };
}

function nearest(side: number): string | undefined {
  if (!(side > smallest && side < largest)) return undefined;
  const below = Math.floor(side / SIDE_STEP) * SIDE_STEP;
  return `the nearest are ${below} and ${below + SIDE_STEP}`;
}

/** Parses `WIDTHxHEIGHT` of the picture to make. */
export function pictureSize(flag: string): (text: string) => PixelSize {
  const parse = pixelSize(flag);
  return (text) => {
    const { width, height } = parse(text);
    return {
      width: pictureSide(`the width of ${flag}`)(String(width)),
      height: pictureSide(`the height of ${flag}`)(String(height)),
    };
  };
}

/** Parses `WIDTHxHEIGHT` of sizes that only condition the model: any positive number of pixels. */
export function pixelSize(flag: string): (text: string) => PixelSize {
  return (text) => {
    const [, width, height] = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text) ?? [];
    if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
    throw new CodedError(
      'usage',
      `${flag} must be WIDTHxHEIGHT in pixels, such as 768x1024 (got ${JSON.stringify(text)})`,
    );
  };
}

/** Parses `X,Y`: pixels from the left and from the top. */
export function pixelPoint(flag: string): (text: string) => PixelPoint {
  return (text) => {
    const [, x, y] = /^(\d{1,5}),(\d{1,5})$/.exec(text) ?? [];
    if (x !== undefined && y !== undefined) return { x: Number(x), y: Number(y) };
    throw new CodedError(
      'usage',
      `${flag} must be X,Y in pixels from the left and from the top, such as 0,128 (got ${JSON.stringify(text)})`,
    );
  };
}

/** Pixels on each side of a picture. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Parses `LEFT,RIGHT,TOP,BOTTOM`, or one number for all sides. */
export function margins(flag: string): (text: string) => Margins {
  return (text) => {
    const sides = /^\d{1,4}(,\d{1,4}){3}$|^\d{1,4}$/.test(text) ? text.split(',').map(Number) : [];
    const [left = 0, right = left, top = left, bottom = left] = sides;
    if (Math.max(left, right, top, bottom) > 0) return { left, right, top, bottom };
    throw new CodedError(
      'usage',
      `${flag} must be LEFT,RIGHT,TOP,BOTTOM in pixels, such as 128,128,0,0, or one number for all sides (got ${JSON.stringify(text)})`,
    );
  };
}

/** Options that choose which of a model's files are used, the same wherever a model is named. */
export function modelConfigOption(): Option {
  const text = 'a diffusers folder with the configuration of a single file that does not have the size of SDXL';
  return new Option('--model-config <folder>', text);
}

/** Which files a model is made of, and what it is where they do not tell. */
export interface ModelFilesFlags {
  readonly modelConfig?: string;
  readonly variant?: 'fp16' | 'fp32';
  readonly family?: string;
  readonly unet?: string;
  readonly vae?: string;
}

export function modelFilesOptions(): Option[] {
  return [
    modelConfigOption(),
    variantOption(),
    new Option(
      '--family <name>',
      'what the model is, where its files do not tell, such as sdxl-turbo or sdxl-lightning (docs/models.md lists them)',
    ),
    new Option(
      '--unet <name|file>',
      'a UNet used instead of the one of the model: a .safetensors file, or the name of a pulled one',
    ),
    new Option('--vae <name|file>', 'a VAE used instead of the one of the model: a .safetensors file, or a name'),
  ];
}

/**
 * As the engine takes them.
 *
 * @param familyNames of the engine
 * @param find the file of a network by its path or name, and what is known of the family of what was pulled
 * @throws CodedError `usage` for a family that does not exist; what `resolvePart` throws
 */
export function modelFiles<Name extends string>(
  { modelConfig, variant, family: name, unet, vae }: ModelFilesFlags,
  familyNames: readonly Name[],
  find: { part(pathOrName: string): string; family(unet: string | undefined): Name | undefined },
) {
  const family = name === undefined ? find.family(unet) : familyNames.find((known) => known === name);
  if (name !== undefined && family === undefined) {
    const near = nearMiss(name.toLowerCase(), familyNames);
    throw new CodedError('usage', `--family must be one of ${familyNames.join(', ')} (got ${JSON.stringify(name)})`, {
      ...(near !== undefined && { remedy: `did you mean --family ${near}?` }),
    });
  }
  return {
    ...(modelConfig !== undefined && { config: modelConfig }),
    ...(variant !== undefined && { variant }),
    ...(family !== undefined && { family }),
    ...(unet !== undefined && { unet: find.part(unet) }),
    ...(vae !== undefined && { vae: find.part(vae) }),
  };
}

export function int8FileOption(): Option {
  return new Option('--int8-file <file>', 'the file of easel model quantize, where it is not beside the model');
}

export function memoryOption(): Option {
  const text =
    'what stays in memory: auto, small, normal, large, or gigabytes to suit (default: EASEL_MEMORY, or auto)';
  return new Option('--memory <use>', text);
}

export function deviceOption(): Option {
  const text =
    'device to run on: auto takes the best device that gives correct results, else the CPU (default: EASEL_DEVICE, or auto)';
  return new Option('--device <name>', text).choices(['auto', ...deviceNames]);
}

export function arithmeticOption(): Option {
  const text =
    'precision of the arithmetic on a graphics card; float16 is faster and less exact (default: EASEL_ARITHMETIC, or float32)';
  return new Option('--arithmetic <type>', text).choices(arithmeticNames);
}

export function textCacheOption(): Option {
  const text = 'keep encoded prompts in files, so that a prompt used before needs no text encoder (default: on)';
  return new Option('--text-cache <on|off>', text).choices(['on', 'off']);
}

export function variantOption(): Option {
  const text = 'the weights to use where a part has both precisions (default: fp16)';
  return new Option('--variant <precision>', text).choices(['fp16', 'fp32']);
}

/** The options of everything that talks to a running server. */
export interface ServerAddressFlags {
  readonly server?: string;
  readonly apiKeyFile?: string;
}

export function serverOption(what: string): Option {
  return new Option('--server <url>', `the address of an Easel server: ${what}`);
}

/** There is no option for the key itself: everyone on the machine can see a command line. */
export function apiKeyFileOption(variable: string): Option {
  return new Option('--api-key-file <file>', `a file with the key (default: the variable ${variable})`);
}

/** The long name of a field's option, or the words for a field without an option. */
export function optionName({ option, words }: Field): string {
  return /--[a-z0-9-]+/.exec(option?.flags ?? '')?.[0] ?? `the ${words}`;
}

/**
 * Puts a message of a server or the engine about a field, or about a part of one, in the terms of the command line: `img_width must be …` is
 * about --width, `guidanceScale must be …` about --guidance-scale, `loras[0].name must be …` about --lora.
 *
 * @param command that the options are of
 */
export function withOptionNames(message: string, param: string, command: 'generate' | 'upscale' = 'generate'): string {
  const fields = Object.entries<Field>(pictureFields);
  const whole = param.replace(/[[.].*$/, '');
  const isCalled = (name: string, field: Field) =>
    (isOn(field, 'api') && wireName(name, 'api') === whole) || (name === whole && field.engine !== undefined);
  const field = fields.find(([name, each]) => isCalled(name, each))?.[1];
  const [place = '', own] = /^(\w+)(?:\[\d+\])?(?:\.\w+)?(?=[ :])/.exec(message) ?? [];
  if (own !== whole || field === undefined) return message;
  const option = field === pictureFields.upscale && command === 'upscale' ? '--by' : optionName(field);
  return `${option}${message.slice(place.length)}`;
}
