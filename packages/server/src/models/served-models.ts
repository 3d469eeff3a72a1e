import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type ArithmeticName,
  embeddedModelSizes,
  type Fault,
  fullModelSizes,
  type LoraChoice,
  type Profile,
  patterns,
  playgroundLimits,
  profileNames,
  type SizeLimits,
  sizesForNative,
  defaults as usual,
} from '@easel/contract';
import { defaultDataDir } from '@easel/embedded-postgres';
import {
  type Card,
  type DeviceSetting,
  EngineError,
  type HostLogEntry,
  inspectLoras,
  inspectModel,
  type LoraInspector,
  type LoraRequest,
  type ModelInfo,
  type ModelSizes,
} from '@easel/engine';
import { fullText } from '@easel/errors';
import { demoModelPath, readModelLicence, resolveModel } from '@easel/models';
import { ConfigError } from '../config/config-error.ts';
import { type ModelSettings, noChoiceOfCards, settingsOfModels } from '../config/model-settings.ts';
import type { Config } from '../config/schema.ts';
import type { ModelCard } from './model-card.ts';

/** A model that the server offers, as it is configured. */
export interface ServedModel {
  /** The name that requests use. */
  readonly slug: string;
  /** A name or a path, as for `resolveModel`. */
  readonly model: string;
  /** What may be asked of the embedded model, and of one that draws 1024×1024 by itself: other models' limits are scaled. */
  readonly sizes?: { readonly full: SizeLimits; readonly embedded: SizeLimits };
  /** A diffusers folder that describes a single-file checkpoint which is not of SDXL's own size. */
  readonly config?: string;
  /** The file of its weights in 8 bits, where it is not beside the model. */
  readonly int8File?: string | undefined;
  /** The profile of requests that name none; absent: exact. */
  readonly profile?: Profile;
  /** Absent: one, on the CPU. */
  readonly engines?: readonly EngineSettings[];
  /** Absent: none. */
  readonly loras?: LoraSources;
}

/** How one engine of a model is started. */
export interface EngineSettings {
  readonly device: DeviceSetting;
  readonly arithmetic: ArithmeticName;
  /** The only graphics card that it sees; absent: whichever the driver puts first. */
  readonly card?: Card;
  /** Why it is this device, where a setting other than `device` decided. */
  readonly reason?: string;
}

export interface OpenedModel {
  /** As the files are now: weights in 8 bits may be made while the server runs. */
  readonly card: ModelCard;
  readonly path: string;
  readonly config: string | undefined;
  readonly int8File: string | undefined;
  readonly loras: ServedLoras;
  /** At least one. */
  readonly engines: readonly EngineSettings[];
}

/**
 * Looks at a model's files, so that a server with a model that will not load does not start.
 *
 * @throws EngineError that says what is wrong with it; ConfigError when it cannot do the default profile
 */
export async function openServedModel(
  {
    slug,
    model,
    sizes,
    config,
    int8File,
    profile = usual.profile,
    engines = usualEngines,
    loras: sources = noLoras,
  }: ServedModel,
  isDefault: boolean,
  env: Readonly<Record<string, string | undefined>>,
  onLog: (entry: HostLogEntry) => void = () => {},
): Promise<OpenedModel> {
  const path = resolveModel(model, env);
  const {
    info,
    int8File: found = '',
    problems,
  } = await inspectModel(path, {
    ...(config !== undefined && { config }),
    ...(int8File !== undefined && { int8File }),
  });
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (info === undefined) throw new EngineError('model_config_invalid', `${path} cannot be read as a model`);
  requireProfile(slug, profile, info, engines);
  const isEmbedded = path === demoModelPath;
  const isPlayground = info.familyName === 'playground-v2.5';
  const card = {
    slug,
    name: isEmbedded ? 'easel-demo' : basename(path).replace(/\.safetensors$/, ''),
    isDefault,
    isEmbedded,
    defaults: { ...info.defaults, profile },
    ...(isPlayground && { onSegmind: { steps: { range: playgroundLimits.segmindSteps } } }),
    licence: await readModelLicence(path),
    sizes: within(
      isEmbedded
        ? (sizes?.embedded ?? embeddedModelSizes)
        : sizesForNative(info.defaults.width, sizes?.full ?? fullModelSizes),
      info.sizes,
    ),
    devices: [],
  };
  const loras = new ServedLoras(sources, path, { config }, onLog);
  await loras.refresh();
  return {
    get card() {
      const choices = existsSync(found) ? profileNames : info.profiles;
      const because = choices.length < profileNames.length ? 'its 8-bit weights have not been made' : undefined;
      const { steps, guidance } = info.limits;
      const guidanceScale = { range: isPlayground ? playgroundLimits.guidanceScale : guidance };
      const allowed = { scheduler: { choices: info.samplers }, steps: { range: steps }, guidanceScale };
      return { ...card, ...loras.cards, allowed: { ...allowed, profile: { choices, because } } };
    },
    ...{ path, config, int8File, engines, loras },
  };
}

function requireProfile(
  slug: string,
  profile: Profile,
  { profiles, path }: Pick<ModelInfo, 'profiles' | 'path'>,
  engines: readonly EngineSettings[],
): void {
  const isOnCard = engines.every(({ device }) => device !== 'auto' && device !== 'cpu');
  // A graphics card needs no weights in 8 bits for the fewer passes of `fast`.
  if (profiles.includes(profile) || (isOnCard && profile === 'fast')) return;
  throw new ConfigError(`defaultProfile is ${profile}, but the model ${slug} has no weights in 8 bits`, {
    remedy: `make them once with: easel model quantize ${path}; or set defaultProfile to ${profiles.join(' or ')}`,
  });
}

/** What is configured, as far as the model draws it: the engine refuses what the model's own files rule out. */
function within(configured: SizeLimits, { minSide, maxSide, isLimit }: ModelSizes): SizeLimits {
  if (!isLimit) return configured;
  return {
    ...configured,
    minSide: Math.max(configured.minSide, minSide),
    maxSide: Math.min(configured.maxSide, maxSide),
  };
}

const noLoras: LoraSources = { folder: '', named: new Map() };

export const usualEngines: readonly EngineSettings[] = [{ device: 'cpu', arithmetic: 'float32' }];

/** The name of the embedded model, as the engine's users know it. */
const embedded = 'demo';

/**
 * The models of the configuration, the default one first: it answers to `playground-v2.5`.
 *
 * @param found the graphics cards of this machine; null: nothing is drawn here, so they do not matter
 * @throws ConfigError for cards that are not there
 */
export function servedModels(config: Config, found: readonly Card[] | null = null): ServedModel[] {
  const { sizes, int8Files, defaultProfile: profile, dataDir } = config;
  const { concurrency } = config.worker;
  const loras = loraSources(dataDir ?? defaultDataDir(process.env), config.loras);
  return settingsOfModels(config).map((settings) => {
    const { slug, path } = settings;
    const each = enginesOf(settings, profile, found);
    const engines = Array.from({ length: concurrency }, () => each).flat();
    return { slug, sizes, profile, int8File: int8Files[slug], model: path ?? embedded, engines, loras };
  });
}

/** One for each card; where no card is named one, on whichever the driver puts first. */
function enginesOf(
  { device, arithmetic, cards, prefix }: ModelSettings,
  profile: Profile,
  found: readonly Card[] | null,
): EngineSettings[] {
  if (device === 'auto' && profile === 'int8') {
    return [
      {
        device: 'cpu',
        arithmetic: 'float32',
        reason: 'defaultProfile is int8: networks in 8 bits run on the CPU only',
      },
    ];
  }
  const engine = { device, arithmetic };
  if (cards === null || found === null) return [engine];
  if (!canChooseCard(device)) throw noChoiceOfCards(prefix, device);
  const usable = device === 'cuda' ? found.filter(({ uuid }) => uuid !== undefined) : found;
  const chosen = cards === 'all' ? usable : cards.map((number) => cardOf(number, `${prefix}cards`, usable));
  return chosen.length === 0 ? [engine] : chosen.map((card) => ({ ...engine, card }));
}

/** Where only the system decides, two engines would share one card: docs/devices.md, "Several cards". */
function canChooseCard(device: EngineSettings['device'], platform: string = process.platform): boolean {
  return device === 'cuda' || (platform === 'linux' && (device === 'webgpu' || device === 'auto'));
}

function cardOf(number: number, setting: string, found: readonly Card[]): Card {
  const card = found.find(({ index }) => index === number);
  if (card !== undefined) return card;
  const listed = found.map(({ index, name }) => `${index} (${name})`).join(', ');
  throw new ConfigError(`${setting}: there is no graphics card ${number}`, {
    remedy: found.length === 0 ? `none was found; leave ${setting} out` : `the cards are ${listed}`,
  });
}

/** A LoRA as it is configured. */
export interface LoraFile {
  readonly file: string;
  /** Whether it is used although it is marked as made for another line of models. */
  readonly anyBase: boolean;
}

export interface LoraSources {
  /** Its .safetensors files are LoRAs, by their names without the ending. */
  readonly folder: string;
  /** Further ones; they win over files of the same name. */
  readonly named: ReadonlyMap<string, LoraFile>;
}

const EXTENSION = '.safetensors';
const NAME = new RegExp(patterns.loraName.source, 'u');
const FRESH_MS = 2000;

interface Found extends LoraFile {
  readonly notices: readonly string[];
  /** Why the model cannot use it. */
  readonly problem: string | undefined;
}

/** The first LoRA of a request that the model does not have, or cannot use. */
export function faultOfLoras(
  choices: readonly LoraChoice[],
  { loras, unfitLoras }: Pick<ModelCard, 'loras' | 'unfitLoras'>,
): Fault | undefined {
  const param = 'loras';
  for (const [index, { name }] of choices.entries()) {
    if (loras.some((each) => each.name === name)) continue;
    const problem = unfitLoras.get(name);
    if (problem !== undefined) return { param, message: `loras[${index}]: ${problem}` };
    const names = loras.slice(0, 20).map((each) => each.name);
    const offer = names.length === 0 ? 'there are none for this model' : `the model has ${names.join(', ')}`;
    return {
      param,
      message: `loras[${index}].name must be a LoRA of the model (got ${JSON.stringify(name)}): ${offer}`,
    };
  }
  return undefined;
}

/**
 * The LoRAs of one model. A request names one of this list, so no name leads to any other file. Files may be added and removed while the
 * server runs.
 */
export class ServedLoras {
  readonly #sources: LoraSources;
  readonly #open: () => Promise<LoraInspector>;
  readonly #onLog: (entry: HostLogEntry) => void;
  #inspect: LoraInspector | undefined;
  #found: ReadonlyMap<string, Found> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param path of the model */
  constructor(
    sources: LoraSources,
    path: string,
    { config }: { readonly config?: string | undefined },
    onLog: (entry: HostLogEntry) => void,
  ) {
    this.#sources = sources;
    this.#open = () => inspectLoras(path, config === undefined ? {} : { config });
    this.#onLog = onLog;
  }

  /** As they were at the last refresh. */
  get cards(): Pick<ModelCard, 'loras' | 'unfitLoras'> {
    const all = [...this.#found];
    return {
      loras: all.flatMap(([name, { notices, problem }]) =>
        problem === undefined ? [{ name, notices: [...notices] }] : [],
      ),
      unfitLoras: new Map(all.flatMap(([name, { problem }]) => (problem === undefined ? [] : [[name, problem]]))),
    };
  }

  /** Reads the folder again, at most every two seconds. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt < FRESH_MS) return;
    this.#readAt = performance.now();
    const files = await this.#files();
    const found = new Map<string, Found>();
    for (const [name, lora] of files) found.set(name, await this.#look(name, lora));
    this.#found = found;
  }

  /** For the engine. @throws EngineError `invalid_request` as `faultOfLoras` */
  async requests(choices: readonly LoraChoice[]): Promise<readonly LoraRequest[]> {
    if (choices.length === 0) return [];
    await this.refresh();
    const fault = faultOfLoras(choices, this.cards);
    if (fault !== undefined) throw new EngineError('invalid_request', fault.message, { details: { param: 'loras' } });
    return choices.flatMap(({ name, weight = 1 }) => {
      const found = this.#found.get(name);
      return found === undefined ? [] : [{ file: found.file, weight, ...(found.anyBase && { anyBase: true }) }];
    });
  }

  async #files(): Promise<ReadonlyMap<string, LoraFile>> {
    const { folder, named } = this.#sources;
    const names = (await readdir(folder).catch(() => []))
      .filter((name) => name.toLowerCase().endsWith(EXTENSION))
      .sort();
    const own = names.map(
      (file) => [file.slice(0, -EXTENSION.length), { file: join(folder, file), anyBase: false }] as const,
    );
    return new Map([...own, ...named].filter(([name]) => NAME.test(name)));
  }

  async #look(name: string, lora: LoraFile): Promise<Found> {
    const before = this.#found.get(name);
    try {
      this.#inspect ??= await this.#open();
      const notices = await this.#inspect(lora);
      return { ...lora, notices, problem: undefined };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const problem = fullText(error).replaceAll(lora.file, name);
      if (before?.problem !== problem)
        this.#onLog({ level: 'warn', message: `the LoRA ${name} is not offered: ${problem}`, pid: undefined });
      return { ...lora, notices: [], problem };
    }
  }
}

/** @param folder of the data @param given in the settings */
export function loraSources(
  folder: string,
  given: Readonly<Record<string, string | { readonly path: string; readonly anyBase?: boolean }>>,
): LoraSources {
  const named = Object.entries(given).map(([name, entry]) => {
    const { path, anyBase = false } = typeof entry === 'string' ? { path: entry } : entry;
    return [name, { file: resolve(path), anyBase }] as const;
  });
  return { folder: join(folder, 'loras'), named: new Map(named) };
}
