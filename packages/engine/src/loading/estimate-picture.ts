import { openCheckpoint } from '../checkpoints/open-checkpoint.ts';
import type { LayersOf } from '../components/layers.ts';
import { operationsOf, secondsOf } from '../components/operations.ts';
import { type UNetForm, unetBranches } from '../components/unet/graph.ts';
import { downscaleOf } from '../components/vae/config.ts';
import { familySampling } from '../families/families.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../families/sdxl-architecture.ts';
import type { PictureEstimate, PictureParts, PictureSize, PrecisionSpeeds } from '../model.ts';
import { planAcceleration } from '../pipeline/acceleration.ts';
import { type Profile, profiles } from '../profiles.ts';
import type { Precision } from '../runtime/variant.ts';
import { createSchedule } from '../sampling/sampling.ts';
import { findModel } from './find-model.ts';
import { modelDefaults } from './model-info.ts';

/**
 * @param size of the picture; absent: the model's native one
 * @throws EngineError `model_not_found`, `model_unsupported`, `model_config_invalid` and others of a model that does not load
 */
export async function estimateOf(
  pathOrName: string,
  speeds: PrecisionSpeeds,
  size?: PictureSize,
): Promise<PictureEstimate> {
  const checkpoint = await openCheckpoint(findModel(pathOrName, process.env));
  const configs = parseSdxlConfigs(checkpoint.components);
  const sampling = familySampling(checkpoint.family, checkpoint.scheduler);
  const { sampler } = sampling;
  const { steps, guidanceScale, ...native } = modelDefaults(checkpoint.family, configs, sampler);
  const schedule = createSchedule(sampling.with(sampler), sampling.steps(steps, sampler));
  const { width, height } = size ?? native;
  const { encoders, projector, denoiser, decoder } = sdxlNetworks(configs);
  const scale = downscaleOf(configs.vae);
  const latents = { batch: 1, height: height / scale, width: width / scale };
  const tokens = configs.clips[0].positions;
  const isGuided = guidanceScale > 1 && configs.unet.guidanceEmbedDim === undefined;
  const seconds = (precision: Precision, build: Parameters<typeof operationsOf>[0]) =>
    secondsOf(operationsOf(build), speeds, precision);
  const pass = (precision: Precision, form: UNetForm = {}) =>
    seconds(precision, (of) => denoiser.build({ ...latents, tokens, form }, of));
  const ofProfile = (name: Profile): PictureParts => {
    const { precision, acceleration } = profiles[name];
    const plan = planAcceleration(acceleration, schedule, unetBranches(configs.unet));
    const { cacheInterval, cacheBranch: branch } = plan;
    // Two passes a step while there is guidance. What depends on the picture (reused steps) is not subtracted.
    const guided = schedule.timesteps.filter((_, index) => plan.isGuided(index, schedule.sigmas[index] ?? 0));
    const passes = steps + (isGuided ? guided.length : 0);
    const shallow = () => pass(precision, { half: 'shallow', branch });
    const deep = () => pass(precision, { half: 'deep', branch });
    const whole = pass(precision);
    const each = cacheInterval > 1 ? shallow() + deep() / cacheInterval : whole;
    const texts = [
      ...encoders.map((encoder) => (of: LayersOf) => encoder.build({}, of)),
      (of: LayersOf) => projector.build({ batch: 1, tokens }, of),
    ].reduce((sum, build) => sum + (isGuided ? 2 : 1) * seconds(precision, build), 0);
    const decode = seconds(precision, (of) => decoder.build(latents, of));
    return { texts, step: (isGuided ? 2 : 1) * whole, steps: passes * each, decode };
  };
  const parts = { exact: ofProfile('exact'), int8: ofProfile('int8'), fast: ofProfile('fast') };
  const total = (name: Profile) => parts[name].texts + parts[name].steps + parts[name].decode;
  return {
    ...{ width, height, steps, parts },
    seconds: { exact: total('exact'), int8: total('int8'), fast: total('fast') },
  };
}
