import { type ArithmeticName, defaultSlug, type FamilyName, reservedSlugs } from '@easel/contract';
import { ConfigError } from './config-error.ts';
import type { Config } from './schema.ts';

/** What the settings say of one model. */
export interface ModelSettings {
  /** The name that requests use. */
  readonly slug: string;
  /** A path or name; null: the embedded one. */
  readonly path: string | null;
  readonly family?: FamilyName;
  readonly unet?: string;
  readonly vae?: string;
  readonly device: Config['device'];
  readonly arithmetic: ArithmeticName;
  readonly cards: Config['cards'];
  /** Of the settings that are its own, such as `models.small.`; empty for those of all models. */
  readonly prefix: string;
}

/** Every model, the default one first: it answers to `playground-v2.5`. */
export function settingsOfModels({ model, models, device, arithmetic, cards }: Config): readonly ModelSettings[] {
  const usual = { device, arithmetic, cards };
  const of = (slug: string, own: Config['model'], prefix: string): ModelSettings => {
    if (own === null || typeof own === 'string') return { slug, path: own, ...usual, prefix };
    // On the CPU there are neither cards nor half precision, whatever the other models have.
    const ofCpu = own.device === 'cpu' ? ({ cards: null, arithmetic: 'float32' } as const) : {};
    return { slug, ...usual, ...ofCpu, ...own, prefix };
  };
  const others = Object.entries(models).map(([slug, own]) => of(slug, own, `models.${slug}.`));
  return [of(defaultSlug, model, typeof model === 'object' && model !== null ? 'model.' : ''), ...others];
}

/** Checks all that can be told without looking at files and cards. @throws ConfigError */
export function requireModels(config: Config): void {
  for (const [name, model] of Object.entries(config.models)) requireName(name, model);
  const all = settingsOfModels(config);
  for (const settings of all) requireDevice(settings, config.defaultProfile);
  const bySlug = { int8Files: config.int8Files, 'pricing.models': config.pricing.models };
  for (const [key, entries] of Object.entries(bySlug)) {
    const unknown = Object.keys(entries).find((slug) => !all.some((model) => model.slug === slug));
    if (unknown === undefined) continue;
    throw new ConfigError(`${key}.${unknown}: there is no model of this name`, {
      remedy: `the models are ${all.map(({ slug }) => slug).join(', ')}`,
    });
  }
}

function requireName(name: string, model: Config['models'][string]): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    const remedy = 'use lower-case letters, digits, dots, hyphens and underscores, with a letter or digit first';
    throw new ConfigError(`models: ${JSON.stringify(name)} is not a valid model name`, { remedy });
  }
  if (model === '') throw new ConfigError(`models: ${name} has no path`, { remedy: 'give a path or name of a model' });
  if (name !== defaultSlug && !reservedSlugs.includes(name)) return;
  throw new ConfigError(`models.${name}: this name is reserved`, { remedy: 'choose another one' });
}

/** The devices that have no choice of a card on any platform. */
const cardless: readonly Config['device'][] = ['cpu', 'directml', 'coreml'];

function requireDevice({ device, arithmetic, cards, prefix }: ModelSettings, profile: Config['defaultProfile']): void {
  if (profile === 'int8' && device !== 'auto' && device !== 'cpu') {
    const problem = `defaultProfile is int8, but ${prefix}device is ${device}: networks in 8 bits run on the CPU only`;
    throw new ConfigError(problem, { remedy: `set ${prefix}device to cpu, or defaultProfile to exact or fast` });
  }
  if (device === 'cpu' && arithmetic === 'float16') {
    throw new ConfigError(`${prefix}arithmetic is float16, but the CPU computes in float32 only`, {
      remedy: 'leave it out, or choose another device',
    });
  }
  if (cards !== null && cardless.includes(device)) throw noChoiceOfCards(prefix, device);
}

/** The refusal of `cards` with a device whose card cannot be chosen. */
export function noChoiceOfCards(prefix: string, device: Config['device']): ConfigError {
  const remedy = `leave ${prefix}cards out, or choose a device that runs on graphics cards`;
  return new ConfigError(`${prefix}cards: with the device ${device} no graphics card can be chosen here`, { remedy });
}
