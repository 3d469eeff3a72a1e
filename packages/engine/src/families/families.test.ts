import { expect, test } from 'vitest';
import { parseUNetConfig } from '../components/unet/config.ts';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import { samplers } from '../sampling/samplers/table.ts';
import { familyNamed, familyNames, familyOf, familySampling, isSdxlPipeline, samplersOf } from './families.ts';
import type { Evidence } from './family.ts';
import { playgroundV25 } from './playground-v2.5.ts';
import { sdxl } from './sdxl.ts';

const file = 'scheduler_config.json';
const edm = ['edm_dpmpp_2m', 'edm_euler'];
const discrete = ['euler', 'euler_ancestral', 'heun', 'ddim', 'dpmpp_2m', 'unipc', 'lcm', 'tcd'];

test('the pipelines of the SDXL line are known by their classes, others are not', () => {
  expect(isSdxlPipeline('StableDiffusionXLPipeline')).toBe(true);
  expect(isSdxlPipeline('StableDiffusionPipeline')).toBe(false);
});

const sdxlUNet = {
  block_out_channels: [320, 640, 1280],
  attention_head_dim: [5, 10, 20],
  transformer_layers_per_block: [1, 2, 10],
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
  cross_attention_dim: 2048,
  addition_time_embed_dim: 256,
  projection_class_embeddings_input_dim: 2816,
};
const ssd = {
  ...sdxlUNet,
  mid_block_type: 'UNetMidBlock2D',
  transformer_layers_per_block: [1, [2, 2], [4, 4]],
  reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1],
};
const vegaUNet = { ...sdxlUNet, mid_block_type: 'UNetMidBlock2D', transformer_layers_per_block: [1, 1, 2] };
const koala = { ...sdxlUNet, layers_per_block: 1, mid_block_type: null, transformer_layers_per_block: [1, 2, 5] };
const guided = { ...sdxlUNet, time_cond_proj_dim: 256 };

function evidence(
  className: string | undefined,
  more: Record<string, unknown> = {},
  { unet = sdxlUNet, name = 'model', hasStatistics = false }: Given = {},
): Evidence {
  return {
    scheduler: className === undefined ? undefined : new JsonConfig({ _class_name: className, ...more }, file),
    unet: parseUNetConfig(new JsonConfig(unet, 'unet/config.json')),
    hasLatentStatistics: hasStatistics,
    names: [name],
  };
}

interface Given {
  readonly unet?: Record<string, unknown>;
  readonly name?: string;
  readonly hasStatistics?: boolean;
}

const leading = { timestep_spacing: 'leading', steps_offset: 1 };
const trailing = { timestep_spacing: 'trailing' };
const Euler = 'EulerDiscreteScheduler';
const Ancestral = 'EulerAncestralDiscreteScheduler';

test.each<[string, Evidence]>([
  ['playground-v2.5', evidence('EDMDPMSolverMultistepScheduler')],
  ['playground-v2.5', evidence('EDMEulerScheduler', {}, { hasStatistics: true })],
  ['playground-v2.5', evidence(undefined, {}, { hasStatistics: true })],
  ['playground-v2.5', evidence(Euler, leading, { hasStatistics: true })],
  ['sdxl', evidence(Euler, leading)],
  ['sdxl', evidence('DPMSolverMultistepScheduler', leading)],
  ['sdxl', evidence(Ancestral, leading, { name: 'some-fine-tune' })],
  ['playground-v2', evidence(Ancestral, leading, { name: 'playground-v2-1024px-aesthetic' })],
  ['sdxl-turbo', evidence(Ancestral, trailing)],
  ['sdxl-lightning', evidence(Euler, trailing)],
  ['sdxl-lightning-1-step', evidence(Euler, { ...trailing, prediction_type: 'sample' })],
  ['sdxl', evidence(Euler, { ...trailing, prediction_type: 'v_prediction', rescale_betas_zero_snr: true })],
  ['lcm', evidence('LCMScheduler', leading)],
  ['lcm-unet', evidence('LCMScheduler', leading, { unet: guided })],
  ['lcm-unet', evidence(Euler, leading, { unet: guided })],
  ['dmd2', evidence('LCMScheduler', leading, { name: 'dmd2_sdxl_4step_unet' })],
  ['hyper-sd-1-step', evidence('LCMScheduler', leading, { name: 'Hyper-SDXL-1step-Unet' })],
  ['hyper-sd', evidence('DDIMScheduler', trailing)],
  ['tcd', evidence('TCDScheduler', leading)],
  ['hyper-sd-unified', evidence('TCDScheduler', leading, { name: 'Hyper-SDXL-unified' })],
  ['ssd-1b', evidence(Euler, leading, { unet: ssd })],
  ['ssd-1b', evidence(undefined, {}, { unet: ssd })],
  ['segmind-vega', evidence(Euler, leading, { unet: vegaUNet })],
  ['lcm', evidence('LCMScheduler', leading, { unet: vegaUNet })],
  ['koala-lightning', evidence(Euler, trailing, { unet: koala })],
  ['sdxl', evidence(Euler, leading, { unet: koala })],
])('the files of a model tell that it is %s', (name, given) => {
  expect(familyOf(given).name).toBe(name);
});

test.each(['sdxl-turbo', 'lightning_4step', 'LCM', 'hyper', 'dmd2', 'playground-v2', 'SSD-1B'])(
  'a name alone, %s, decides nothing',
  (name) => {
    expect(familyOf(evidence(undefined, {}, { name }))).toBe(sdxl);
    expect(familyOf(evidence(Euler, leading, { name }))).toBe(sdxl);
  },
);

test('a family offers the samplers for its noise', () => {
  expect(samplersOf(playgroundV25)).toEqual(edm);
  expect(samplersOf(sdxl)).toEqual(discrete);
});

test('every family can be named, is sampled as its own scheduler says, and its defaults are within its limits', () => {
  expect(new Set(familyNames).size).toBe(familyNames.length);
  for (const name of familyNames) {
    const family = familyNamed(name);
    const sampling = familySampling(family, new JsonConfig(family.scheduler, file));
    const { steps, guidance } = family.defaults;
    const { limits } = family;
    expect(sampling.with(sampling.sampler).noise.kind, name).toBe(family.noise);
    expect([steps >= limits.steps.min, steps <= limits.steps.max], name).toEqual([true, true]);
    expect([guidance >= limits.guidance.min, guidance <= limits.guidance.max], name).toEqual([true, true]);
  }
  expect(() => familyNamed('sd-turbo')).toThrow('family must be one of playground-v2.5, ');
});

const others = Object.values(samplers).map(({ className }): string => className);
test.each([...others.filter((name) => !name.startsWith('EDM')), 'PNDMScheduler'])(
  'a model of EDM with %s is refused before anything else of its scheduler is read',
  (className) => {
    const config = new JsonConfig({ _class_name: className, prediction_type: 'v_prediction', beta_end: 'x' }, file);
    const refusal = () => familySampling(playgroundV25, config);
    expect(refusal).toThrow(EngineError);
    expect(refusal).toThrow(
      `${file}: _class_name is "${className}", this engine has "EDMDPMSolverMultistepScheduler" or "EDMEulerScheduler"`,
    );
    expect(refusal).toThrow(expect.objectContaining({ remedy: expect.stringContaining('trained with EDM') }));
  },
);

test('a scheduler without a class is the family’s own', () => {
  expect(familySampling(playgroundV25, new JsonConfig({}, file)).sampler).toBe('edm_dpmpp_2m');
});

test('with another sampler absent keys have the defaults of its class, and given ones stay', () => {
  const sampling = familySampling(sdxl, new JsonConfig({ _class_name: Euler, beta_start: 0.001 }, file));
  expect(sampling.with('euler').noise).toMatchObject({ spacing: 'linspace', betas: { kind: 'linear', start: 0.001 } });
  expect(sampling.with('ddim').noise).toMatchObject({ spacing: 'leading', betas: { kind: 'linear', start: 0.001 } });
  expect(sampling.with('lcm').noise).toMatchObject({ betas: { kind: 'scaled_linear', start: 0.001, end: 0.012 } });
});

test('DMD2 and Hyper-SD of one step are sampled at the timesteps that they were distilled at', () => {
  const stepsOf = (name: string, count: number, sampler: 'lcm' | 'euler' = 'lcm') => {
    const family = familyNamed(name);
    return familySampling(family, new JsonConfig(family.scheduler, file)).steps(count, sampler);
  };
  expect(stepsOf('dmd2', 4)).toEqual({ timesteps: [999, 749, 499, 249] });
  expect(stepsOf('dmd2', 1)).toEqual({ timesteps: [399] });
  expect(stepsOf('dmd2', 4, 'euler')).toBe(4);
  expect(stepsOf('hyper-sd-1-step', 1)).toEqual({ timesteps: [800] });
  expect(stepsOf('hyper-sd-1-step', 2)).toBe(2);
  expect(stepsOf('lcm', 4)).toBe(4);
});

test('Hyper-SD unified replaces all noise with TCD, other families as much as TCD does by itself', () => {
  const etaOf = (name: string) => {
    const family = familyNamed(name);
    return familySampling(family, new JsonConfig(family.scheduler, file)).with('tcd').solver.eta;
  };
  expect(etaOf('hyper-sd-unified')).toBe(1);
  expect(etaOf('tcd')).toBeUndefined();
});
