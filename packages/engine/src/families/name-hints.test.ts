import { expect, test } from 'vitest';
import { familyNamed } from './families.ts';
import { adapterNotice, modelNameNotice } from './name-hints.ts';

test.each([
  ['dreamshaperXL_lightningDPMSDE', 'sdxl-lightning'],
  ['sdxl_lightning_1step_x0', 'sdxl-lightning-1-step'],
  ['juggernautXL_v9Rundiffusion_hyper-sd', 'hyper-sd'],
  ['models--ByteDance--Hyper-SD', 'hyper-sd'],
  ['RealVisXL_V4.0_Turbo', 'sdxl-turbo'],
  ['TurboVisionXL', 'sdxl-turbo'],
  ['animagine-lcm', 'lcm'],
  ['dmd2_sdxl_4step_unet', 'dmd2'],
])(
  'a model called %s that its files call SDXL brings a notice with the family %s, and stays what it is',
  (name, family) => {
    const notice = modelNameNotice([name], familyNamed('sdxl'), false);
    expect(notice).toContain(`it is sampled as sdxl. If it was distilled, choose the family ${family}:`);
    expect(modelNameNotice([name], familyNamed('sdxl'), true)).toBeUndefined();
  },
);

test.each([
  ['sd_xl_base_1.0', 'sdxl'],
  ['dreamshaperXL_v21', 'sdxl'],
  ['calcmodel', 'sdxl'],
  ['sdxl_lightning_4step', 'sdxl-lightning'],
  ['sdxl_lightning_1step_x0', 'sdxl-lightning-1-step'],
  ['lcm-sdxl', 'lcm-unet'],
  ['KOALA-Lightning-700M', 'koala-lightning'],
  ['Hyper-SDXL-1step-Unet', 'hyper-sd-1-step'],
  ['sdxl-turbo', 'sdxl-turbo'],
])('a model called %s of the family %s brings none', (name, family) => {
  expect(modelNameNotice([name], familyNamed(family), false)).toBeUndefined();
});

test('steps in the name of a model that are not the default are told', () => {
  expect(modelNameNotice(['sdxl_lightning_8step'], familyNamed('sdxl-lightning'), true)).toBe(
    'by its name the model was made for 8 steps, and a request that names none takes 4',
  );
});

test.each([
  ['lcm-lora-sdxl', /LCM, made for 4 to 8 steps, a guidance scale of 1 to 2 and the sampler lcm; .*the family lcm,/],
  ['sdxl_lightning_2step_lora', /SDXL-Lightning, made for 2 steps, a guidance scale of 0 and the sampler euler/],
  [
    'Hyper-SDXL-1step-lora',
    /Hyper-SD, made for 1 to 8 steps, a guidance scale of 0 and the sampler tcd.*hyper-sd-unified/,
  ],
  ['Hyper-SDXL-8steps-CFG-lora', /Hyper-SD, made for 8 steps, a guidance scale of 5 to 8 and the sampler ddim/],
  ['Segmind-VegaRT', /VegaRT, made for 4 to 8 steps, a guidance scale of 0 and the sampler lcm/],
])('an adapter called %s tells what it was made for', (name, told) => {
  expect(adapterNotice('a.safetensors', ['pytorch_lora_weights', name], familyNamed('sdxl'))).toMatch(told);
});

test('an adapter for few steps says nothing where the model is sampled that way, and more where it cannot be', () => {
  expect(adapterNotice('a', ['lcm-lora-sdxl'], familyNamed('lcm'))).toBeUndefined();
  expect(adapterNotice('a', ['watercolour'], familyNamed('sdxl'))).toBeUndefined();
  expect(adapterNotice('a', ['lcm-lora-sdxl'], familyNamed('playground-v2.5'))).toMatch(/is not sampled with$/);
});
