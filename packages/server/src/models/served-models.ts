import { basename } from 'node:path';
import {
  defaultSlug,
  embeddedModelSizes,
  fullModelSizes,
  reservedSlugs,
  type SizeLimits,
  sizesForNative,
} from '@easel/contract';
import { EngineError, inspectModel, type ModelSizes } from '@easel/engine';
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
}

export interface OpenedModel {
  readonly card: ModelCard;
  readonly path: string;
  readonly config: string | undefined;
}

/**
 * Looks at a model's files, so that a server with a model that will not load does not start.
 *
 * @throws EngineError that says what is wrong with it
 */
export async function openServedModel(
  { slug, model, sizes, config }: ServedModel,
  isDefault: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedModel> {
  const path = resolveModel(model, env);
  const { info, problems } = await inspectModel(path, { ...(config !== undefined && { config }) });
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (info === undefined) throw new EngineError('model_config_invalid', `${path} cannot be read as a model`);
  const isEmbedded = path === demoModelPath;
  const card = {
    slug,
    name: isEmbedded ? 'easel-demo' : basename(path).replace(/\.safetensors$/, ''),
    isDefault,
    isEmbedded,
    defaults: info.defaults,
    allowed: { scheduler: { choices: info.samplers } },
    licence: await readModelLicence(path),
    sizes: within(
      isEmbedded
        ? (sizes?.embedded ?? embeddedModelSizes)
        : sizesForNative(info.defaults.width, sizes?.full ?? fullModelSizes),
      info.sizes,
    ),
  };
  return { card, path, config };
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
 * @throws ConfigError for a name that is taken or reserved
 */
export function servedModels({ model, models, sizes }: Config): ServedModel[] {
  const first = model ?? embedded;
  const others = Object.entries(models).map(([slug, name]) => {
    if (slug === defaultSlug || reservedSlugs.includes(slug)) {
      throw new ConfigError(`models.${slug}: this name is reserved`, { remedy: 'choose another one' });
    }
    return { slug, model: name, sizes };
  });
  return [{ slug: defaultSlug, model: first, sizes }, ...others];
}
