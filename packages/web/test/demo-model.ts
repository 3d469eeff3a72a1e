import type { Model } from '@easel/contract';

/** The embedded model as a server tells of it. */
export const demoModel: Model = {
  id: 'playground-v2.5',
  name: 'easel-demo',
  family: 'playground-v2.5',
  takes_negative_prompt: true,
  notices: [],
  is_default: true,
  is_embedded: true,
  licence: null,
  defaults: {
    img_width: 256,
    img_height: 256,
    num_inference_steps: 25,
    guidance_scale: 3,
    scheduler: 'edm_dpmpp_2m',
    profile: 'exact',
  },
  limits: { min_side: 64, max_side: 256, side_step: 8, max_megapixels: 0.0625 },
  price: { per_step_megapixel: 0.000148, per_image: 0, picture: 0.000232 },
  parameters: {},
  devices: [],
  weight_bytes: 21_000_000,
  loras: [],
  sizes: [],
};
