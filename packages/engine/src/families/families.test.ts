import { expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import { samplers } from '../sampling/samplers/table.ts';
import { familyOfPipeline, familyOfTensors, familySampling, samplersOf } from './families.ts';
import { playgroundV25 } from './playground-v2.5.ts';

const file = 'scheduler_config.json';

test('a pipeline of diffusers tells its family, and an unknown one none', () => {
  expect(familyOfPipeline('StableDiffusionXLPipeline')).toBe(playgroundV25);
  expect(familyOfPipeline('StableDiffusionPipeline')).toBeUndefined();
});

test('a single file is told by its latent statistics, both of them', () => {
  const tensor = { file, dtype: 'F32', shape: [4], offset: 0, byteLength: 16 };
  expect(familyOfTensors(new Map([['edm_mean', tensor]]))).toBeUndefined();
  expect(familyOfTensors(new Map(Object.entries({ edm_mean: tensor, edm_std: tensor })))).toBe(playgroundV25);
});

test('a family offers the samplers for its noise', () => {
  expect(samplersOf(playgroundV25)).toEqual(['edm_dpmpp_2m', 'edm_euler']);
});

const others = Object.values(samplers).map(({ className }): string => className);
test.each([...others.filter((name) => !name.startsWith('EDM')), 'PNDMScheduler'])(
  'a model with %s is refused before anything else of its scheduler is read',
  (className) => {
    const config = new JsonConfig({ _class_name: className, prediction_type: 'v_prediction', beta_end: 'x' }, file);
    const refusal = () => familySampling(playgroundV25, config);
    expect(refusal).toThrow(EngineError);
    expect(refusal).toThrow(
      `${file}: _class_name is "${className}", this engine has "EDMDPMSolverMultistepScheduler" or "EDMEulerScheduler"`,
    );
    expect(refusal).toThrow(expect.objectContaining({ remedy: expect.stringContaining('use one trained with EDM') }));
  },
);

test('a scheduler without a class is the family’s own', () => {
  expect(familySampling(playgroundV25, new JsonConfig({}, file)).sampler).toBe('edm_dpmpp_2m');
});
