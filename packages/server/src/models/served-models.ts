import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ArithmeticName,
  embeddedModelSizes,
  type FamilyName,
  fullModelSizes,
  type Profile,
  playgroundLimits,
  profileNames,
  type SizeLimits,
  sizesForNative,
  defaults as usual,
} from '@easel/contract';
import { defaultDataDir } from '@easel/embedded-postgres';
import {
  beginsAsInt8File,
  type Card,
  type DeviceSetting,
  EngineError,
  type HostLogEntry,
  inspectModel,
  type LoadOptions,
  loadUpscaler,
  type ModelInfo,
  type ModelSizes,
} from '@easel/engine';

import { demoModelPath, familyOfPulled, nameOfPath, readModelLicence, resolveModel, resolvePart } from '@easel/models';
import { ConfigError } from '../config/config-error.ts';
import { type ModelSettings, noChoiceOfCards, settingsOfModels } from '../config/model-settings.ts';
import type { Config } from '../config/schema.ts';
import type { ModelCard } from './model-card.ts';
import { type LoraSources, loraSources, noLoras, ServedLoras } from './served-loras.ts';

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
  /** What it is, where its files do not tell. */
  readonly family?: FamilyName | undefined;
  /** Names or paths of files whose UNet or VAE takes the place of its own. */
  readonly unet?: string | undefined;
  readonly vae?: string | undefined;
  /** The file of its weights in 8 bits, where it is not beside the model. */
  readonly int8File?: string | undefined;
  /** The file of an ESRGAN-type network that requests may enlarge pictures with. */
  readonly upscaler?: string | undefined;
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
  /** Which files it is made of, and what it is, where that is configured. */
  readonly load: ModelFiles;
  readonly loras: ServedLoras;
  /** At least one. */
  readonly engines: readonly EngineSettings[];
}

export type ModelFiles = Pick<LoadOptions, 'config' | 'family' | 'unet' | 'vae' | 'int8File' | 'upscaler'>;

/**
 * Looks at a model's files, so that a server with a model that will not load does not start.
 *
 * @throws EngineError that says what is wrong with it; ConfigError when it cannot do the default profile
 */
export async function openServedModel(
  served: ServedModel,
  isDefault: boolean,
  env: Readonly<Record<string, string | undefined>>,
  onLog: (entry: HostLogEntry) => void = () => {},
): Promise<OpenedModel> {
  const { slug, sizes, profile = usual.profile, engines = usualEngines, loras: sources = noLoras } = served;
  const path = resolveModel(served.model, env);
  const load = filesOf(served, env);
  const { info, found } = await inspectFiles(path, load);
  requireProfile(slug, profile, info, engines);
  for (const message of info.notices) onLog({ level: 'notice', message, pid: undefined });
  if (load.upscaler !== undefined) await (await loadUpscaler(load.upscaler)).close(); // as it is checked when it is loaded
  const isEmbedded = path === demoModelPath;
  const isPlayground = info.familyName === 'playground-v2.5';
  const card = {
    slug,
    name: isEmbedded ? 'easel-demo' : nameOfPath(path),
    family: info.familyName,
    takesNegativePrompt: info.takesNegativePrompt,
    notices: info.notices,
    isDefault,
    isEmbedded,
    defaults: { ...info.defaults, profile },
    ...(isPlayground && { onSegmind: { steps: { range: playgroundLimits.segmindSteps } } }),
    licence: await readModelLicence(path),
    bytes: info.components.reduce((sum, component) => sum + component.bytes, 0),
    sizes: within(
      isEmbedded
        ? (sizes?.embedded ?? embeddedModelSizes)
        : sizesForNative(info.defaults.width, sizes?.full ?? fullModelSizes),
      info.sizes,
    ),
    devices: [],
  };
  const loras = new ServedLoras(sources, path, load, onLog);
  await loras.refresh();
  return {
    get card() {
      // Asked at each request: the file is looked at only while profiles are missing.
      const isMissing = info.profiles.length < profileNames.length;
      const choices = isMissing && beginsAsInt8File(found) ? profileNames : info.profiles;
      const because = choices.length < profileNames.length ? 'its 8-bit weights have not been made' : undefined;
      const { steps, guidance } = info.limits;
      const guidanceScale = { range: isPlayground ? playgroundLimits.guidanceScale : guidance };
      const upscalers = load.upscaler === undefined ? onlyModel : { choices: ['model', 'network'] };
      const allowed = { scheduler: { choices: info.samplers }, steps: { range: steps }, guidanceScale };
      return {
        ...card,
        ...loras.cards,
        allowed: { ...allowed, upscaler: upscalers, profile: { choices, because } },
      };
    },
    ...{ path, load, engines, loras },
  };
}

function filesOf(
  { model, config, family, unet, vae, int8File, upscaler }: ServedModel,
  env: Readonly<Record<string, string | undefined>>,
): ModelFiles {
  const own = family ?? familyOfPulled(unet ?? model, env);
  return {
    ...(config !== undefined && { config }),
    ...(own !== undefined && { family: own }),
    ...(unet !== undefined && { unet: resolvePart(unet, env) }),
    ...(vae !== undefined && { vae: resolvePart(vae, env) }),
    ...(int8File !== undefined && { int8File }),
    ...(upscaler !== undefined && { upscaler }),
  };
}

/** @returns what the model is, and the file of its weights in 8 bits, which may not be there */
async function inspectFiles(path: string, load: ModelFiles) {
  const { info, int8File: found = '', problems } = await inspectModel(path, load);
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (info === undefined) throw new EngineError('model_config_invalid', `${path} cannot be read as a model`);
  return { info, found };
}

const onlyModel = { choices: ['model'], because: 'this server has no network for it, see its setting upscaler' };

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
  const upscaler = config.upscaler === null ? undefined : resolve(config.upscaler);
  const loras = loraSources(dataDir ?? defaultDataDir(process.env), config.loras);
  return settingsOfModels(config).map((settings) => {
    const { slug, path, family, unet, vae } = settings;
    const files = { model: path ?? embedded, family, unet, vae, int8File: int8Files[slug] };
    if (found !== null && files.int8File !== undefined) requireInt8File(slug, files.int8File);
    const each = enginesOf(settings, profile, found);
    const engines = Array.from({ length: concurrency }, () => each).flat();
    return { slug, sizes, profile, ...files, upscaler, engines, loras };
  });
}

/** One that is beside its model may come later; this one has been named. */
function requireInt8File(slug: string, file: string): void {
  if (existsSync(file)) return;
  throw new ConfigError(`int8Files.${slug}: there is no file ${file}`, {
    remedy: 'make it with `easel model quantize`, or leave the setting out',
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
