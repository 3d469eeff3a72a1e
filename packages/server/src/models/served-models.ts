import { basename } from 'node:path';
import {
  defaultSlug,
  embeddedModelSizes,
  fullModelSizes,
  type Profile,
  profileNames,
  reservedSlugs,
  type SizeLimits,
  sizesForNative,
  defaults as usual,
} from '@easel/contract';
import { EngineError, inspectModel, type ModelInfo, type ModelSizes } from '@easel/engine';
import { demoModelPath, readModelLicence, resolveModel } from '@easel/models';
import { ConfigError } from '../config/config-error.ts';
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
}

export interface OpenedModel {
  readonly card: ModelCard;
  readonly path: string;
  readonly config: string | undefined;
  readonly int8File: string | undefined;
}

/**
 * Looks at a model's files, so that a server with a model that will not load does not start.
 *
 * @throws EngineError that says what is wrong with it; ConfigError when it cannot do the default profile
 */
export async function openServedModel(
  { slug, model, sizes, config, int8File, profile = usual.profile }: ServedModel,
  isDefault: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedModel> {
  const path = resolveModel(model, env);
  const { info, problems } = await inspectModel(path, {
    ...(config !== undefined && { config }),
    ...(int8File !== undefined && { int8File }),
  });
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (info === undefined) throw new EngineError('model_config_invalid', `${path} cannot be read as a model`);
  requireProfile(slug, profile, info);
  const isEmbedded = path === demoModelPath;
  const card = {
    slug,
    name: isEmbedded ? 'easel-demo' : basename(path).replace(/\.safetensors$/, ''),
    isDefault,
    isEmbedded,
    defaults: { ...info.defaults, profile },
    allowed: {
      scheduler: { choices: info.samplers },
      profile: {
        choices: info.profiles,
        because: info.profiles.length < profileNames.length ? 'its 8-bit weights have not been made' : undefined,
      },
    },
    licence: await readModelLicence(path),
    sizes: within(
      isEmbedded
        ? (sizes?.embedded ?? embeddedModelSizes)
        : sizesForNative(info.defaults.width, sizes?.full ?? fullModelSizes),
      info.sizes,
    ),
  };
  return { card, path, config, int8File };
}

function requireProfile(
  slug: string,
  profile: Profile,
  { profiles, path }: Pick<ModelInfo, 'profiles' | 'path'>,
): void {
  if (profiles.includes(profile)) return;
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

/** The name of the embedded model, as the engine's users know it. */
const embedded = 'demo';

/**
 * The models of the configuration, the default one first: it answers to `playground-v2.5`.
 *
 * @throws ConfigError for a name that is taken, reserved or unknown
 */
export function servedModels({ model, models, sizes, int8Files, defaultProfile: profile }: Config): ServedModel[] {
  const first = model ?? embedded;
  const common = (slug: string) => ({ slug, sizes, profile, int8File: int8Files[slug] });
  const others = Object.entries(models).map(([slug, name]) => {
    if (slug === defaultSlug || reservedSlugs.includes(slug)) {
      throw new ConfigError(`models.${slug}: this name is reserved`, { remedy: 'choose another one' });
    }
    return { ...common(slug), model: name };
  });
  const all = [{ ...common(defaultSlug), model: first }, ...others];
  const unknown = Object.keys(int8Files).find((slug) => !all.some((served) => served.slug === slug));
  if (unknown === undefined) return all;
  throw new ConfigError(`int8Files.${unknown}: there is no model of this name`, {
    remedy: `the models are ${all.map(({ slug }) => slug).join(', ')}`,
  });
}
