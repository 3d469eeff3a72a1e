import { basename, dirname } from 'node:path';
import { parseUNetConfig } from '../components/unet/config.ts';
import { type FamilyName, familyNamed, familyOf, type KnownFamily } from '../families/families.ts';
import type { Family } from '../families/family.ts';
import { modelNameNotice } from '../families/name-hints.ts';
import { playgroundLatents } from '../families/playground-v2.5.ts';
import { JsonConfig } from '../json-config.ts';
import type { Checkpoint } from './checkpoint.ts';
import { scalingOf } from './infer-configs.ts';

/** In latent pixels, each of which is so many pixels wide. */
const SDXL_SIDE = 128;
const SCALE = 8;

type Parts = Checkpoint['components'];

interface Choice {
  /** Undefined: a single file has none. */
  readonly scheduler: JsonConfig | undefined;
  readonly components: Parts;
  readonly names: readonly string[];
  /** Named by the user: then the model is sampled as that family is. */
  readonly family?: FamilyName;
  /** The file that its UNet is from, where that is not its own. */
  readonly unet?: string;
}

/**
 * Which family a model is of, and how it is sampled.
 *
 * @throws EngineError `model_unsupported`, `model_config_invalid`; `invalid_request` for a family that does not exist
 */
export function chooseFamily({
  scheduler,
  components,
  names,
  family: named,
  unet: unetFile,
}: Choice): Pick<Checkpoint, 'family' | 'scheduler' | 'components' | 'notices'> {
  const { config } = components.vae;
  const calls = unetFile === undefined ? names : namesOfPath(unetFile);
  const hasLatentStatistics = config.has('latents_mean') && config.has('latents_std');
  if (named === undefined) {
    const unet = parseUNetConfig(components.unet.config);
    const family = familyOf({ scheduler, unet, hasLatentStatistics, names });
    const file = components.unet.config.file;
    // The model's scheduler is that of the UNet it came with, and a UNet with its guidance as an input is a consistency model.
    const isOfOther = unetFile !== undefined && unet.guidanceEmbedDim !== undefined;
    const own = isOfOther && !isConsistency(scheduler) ? undefined : scheduler;
    return {
      family,
      components: withSide(components, family),
      scheduler: own ?? schedulerOf(family, file),
      notices: noticesOf(calls, family, false),
    };
  }
  const family = familyNamed(named);
  const isOwn = family.noise === 'edm' && hasLatentStatistics && scheduler?.string('_class_name', '').startsWith('EDM');
  return {
    family,
    components: withSide(
      family.noise === 'edm' && !hasLatentStatistics ? withPublishedLatents(components) : components,
      family,
    ),
    scheduler: isOwn && scheduler ? scheduler : schedulerOf(family, scheduler?.file ?? components.unet.config.file),
    notices: noticesOf(calls, family, true),
  };
}

/** @param names of what decides how it is sampled: the model, or the UNet in the place of its own */
function noticesOf(names: readonly string[], family: KnownFamily, isGiven: boolean): readonly string[] {
  const notice = modelNameNotice(names, family, isGiven);
  return notice === undefined ? [] : [notice];
}

function isConsistency(scheduler: JsonConfig | undefined): boolean {
  return ['LCMScheduler', 'TCDScheduler'].includes(scheduler?.string('_class_name', '') ?? '');
}

function schedulerOf({ scheduler }: KnownFamily, file: string): JsonConfig {
  return new JsonConfig(scheduler, file);
}

/** SDXL's own side says nothing of a network distilled at another. */
function withSide(components: Parts, { defaults }: KnownFamily): Parts {
  const { side }: Family['defaults'] = defaults;
  const { config, tensors } = components.unet;
  if (side === undefined || config.int('sample_size', SDXL_SIDE) !== SDXL_SIDE) return components;
  return { ...components, unet: { config: config.with({ sample_size: side / SCALE }), tensors } };
}

function withPublishedLatents(components: Parts): Parts {
  const { config, tensors } = components.vae;
  return { ...components, vae: { config: config.with(scalingOf(playgroundLatents)), tensors } };
}

/** What a model is called by its path: the file or folder, and in the cache of huggingface_hub the repository. */
export function namesOfPath(path: string): string[] {
  const own = basename(path).replace(/\.safetensors$/, '');
  const cached = /[/\\](models--[^/\\]+)[/\\]snapshots[/\\]/.exec(`${dirname(path)}/`)?.[1];
  return cached === undefined ? [own] : [own, cached];
}
