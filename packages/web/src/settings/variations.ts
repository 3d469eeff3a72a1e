import { type Job, type JobCreate, type Model, writeRequest } from '@easel/contract';
import { drawnSize, toldOf } from './settings.ts';

/** How far a variation is from its picture. */
export type Distance = 'subtle' | 'strong';

/** So many at once, to choose from. */
export const VARIATIONS = 4;

/** How far the noise is turned toward that of other seeds. Chosen by eye: below 0.2 nothing seems to change, at 0.7 the layout does. */
const noise = { subtle: 0.25, strong: 0.6 } as const satisfies Record<Distance, number>;

/** How much of the picture itself is changed, where its noise is not known any more. Below 0.4 nothing seems to change. */
const change = { subtle: 0.45, strong: 0.7 } as const satisfies Record<Distance, number>;

type Picture = Pick<Job['images'][number], 'seed' | 'variation_seed' | 'width' | 'height'>;

/**
 * The request for variations of a picture. A picture that was made from its seed's noise alone is made again from similar noise; another one (made
 * from a start image, imported, or a variation itself, whose noise has two seeds already) is changed by image-to-image.
 *
 * @param path of the picture on this server
 * @param model that of the job, if the server still has it
 */
export function variationsOf(
  job: Job,
  image: Picture,
  { path, model, distance }: { readonly path: string; readonly model: Model | undefined; readonly distance: Distance },
): JobCreate {
  const {
    width,
    height,
    strength: _strength,
    maskPadding: _padding,
    maskBlur: _blur,
    upscale: _upscale,
    upscaler: _upscaler,
    variationStrength: _variationStrength,
    variationSeed: _variationSeed,
    seed: _seed,
    ...told
  } = toldOf(job);
  const common = { ...told, prompt: job.prompt ?? '', samples: VARIATIONS, preview: true };
  if (isOfNoise(job, image))
    return writeRequest({ ...common, width, height, seed: image.seed, variationStrength: noise[distance] });
  return writeRequest({ ...common, ...drawnSize(model, image), image: path, strength: change[distance] });
}

/** Whether a picture was made from the noise of its seed, and nothing else. */
function isOfNoise(job: Job, { variation_seed: variationSeed }: Picture): boolean {
  const { strength, mask_blur: maskBlur, imported } = job;
  return strength === null && maskBlur === null && variationSeed === undefined && imported === undefined;
}
