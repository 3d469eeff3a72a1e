import { openCheckpoint } from '../checkpoints/open-checkpoint.ts';
import type { LayersOf } from '../components/layers.ts';
import { operationsOf, secondsOf } from '../components/operations.ts';
import { finestBranch, type UNetForm } from '../components/unet/graph.ts';
import { downscaleOf } from '../components/vae/config.ts';
import { familySampling } from '../families/families.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../families/sdxl-architecture.ts';
import type { PictureEstimate, PrecisionSpeeds } from '../model.ts';
import { type Profile, profiles } from '../profiles.ts';
import type { Precision } from '../runtime/variant.ts';
import { findModel } from './find-model.ts';
import { modelDefaults } from './model-info.ts';

/** @throws EngineError `model_not_found`, `model_unsupported`, `model_config_invalid` and others of a model that does not load */
export async function estimateOf(pathOrName: string, speeds: PrecisionSpeeds): Promise<PictureEstimate> {
  const checkpoint = await openCheckpoint(findModel(pathOrName, process.env));
  const configs = parseSdxlConfigs(checkpoint.components);
  const { sampler } = familySampling(checkpoint.family, checkpoint.scheduler);
  const { width, height, steps } = modelDefaults(checkpoint.family, configs, sampler);
  const { encoders, projector, denoiser, decoder } = sdxlNetworks(configs);
  const scale = downscaleOf(configs.vae);
  const latents = { batch: 1, height: height / scale, width: width / scale };
  const tokens = configs.clips[0].positions;
  const seconds = (precision: Precision, build: Parameters<typeof operationsOf>[0]) =>
    secondsOf(operationsOf(build), speeds, precision);
  const pass = (precision: Precision, form: UNetForm = {}) =>
    seconds(precision, (of) => denoiser.build({ ...latents, tokens, form }, of));
  const ofProfile = (name: Profile) => {
    const { precision, acceleration = {} } = profiles[name];
    const { cacheInterval = 1, guidanceUntil = 1 } = acceleration;
    // Two passes a step while there is guidance. What depends on the picture (reused steps) is not subtracted.
    const passes = steps + Math.floor(guidanceUntil * steps);
    const branch = finestBranch(configs.unet);
    const shallow = () => pass(precision, { half: 'shallow', branch });
    const deep = () => pass(precision, { half: 'deep', branch });
    const each = cacheInterval > 1 ? shallow() + deep() / cacheInterval : pass(precision);
    const texts = [
      ...encoders.map((encoder) => (of: LayersOf) => encoder.build({}, of)),
      (of: LayersOf) => projector.build({ batch: 1, tokens }, of),
    ].reduce((sum, build) => sum + 2 * seconds(precision, build), 0);
    return texts + passes * each + seconds(precision, (of) => decoder.build(latents, of));
  };
  return {
    width,
    height,
    steps,
    seconds: { exact: ofProfile('exact'), int8: ofProfile('int8'), fast: ofProfile('fast') },
  };
}
