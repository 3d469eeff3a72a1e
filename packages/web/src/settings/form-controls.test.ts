import type { Model } from '@easel/contract';
import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';
import { choicesWith, controlDefaults, controlValues, formControls, type SelectControl } from './form-controls.ts';
import { addressSettings } from './initial-settings.ts';

const parameters: Model['parameters'] = {
  num_inference_steps: { minimum: 1, maximum: 8, default: 4 },
  scheduler: { choices: ['edm_euler', 'of_tomorrow'], default: 'edm_euler' },
};

function scheduler(): SelectControl {
  const control = formControls({ parameters }).find(({ name }) => name === 'scheduler');
  if (control?.kind !== 'select') throw new Error('the scheduler is not a choice');
  return control;
}

test('a control allows what the model allows, and starts with the default of the model', () => {
  const steps = formControls({ parameters }).find(({ name }) => name === 'steps');
  expect(steps).toMatchObject({ kind: 'slider', label: 'Steps', min: 1, max: 8, step: 1, initial: 4 });
  expect(scheduler().choices).toEqual([
    { value: 'edm_euler', label: 'Euler' },
    { value: 'of_tomorrow', label: 'of_tomorrow' },
  ]);
  expect(controlDefaults({ parameters })).toEqual({
    samples: 1,
    steps: 4,
    scheduler: 'edm_euler',
    guidanceScale: 3,
    profile: 'exact',
    strength: 0.6,
    variationStrength: 0,
    promptWeighting: false,
    longPrompts: false,
    loraTags: false,
    format: 'png',
  });
});

test('a choice that the model does not support is shown by name, and not replaced', () => {
  expect(choicesWith(scheduler(), 'edm_euler')).toEqual(scheduler().choices);
  expect(choicesWith(scheduler(), 'edm_dpmpp_2m').at(-1)).toEqual({
    value: 'edm_dpmpp_2m',
    label: 'edm_dpmpp_2m (not supported by this model)',
  });
  expect(controlValues({ parameters }, (name) => (name === 'scheduler' ? 'plms' : undefined))).toEqual({
    scheduler: 'plms',
  });
});

test('stored numbers out of the range of the model are left out', () => {
  const stored = new Map<string, unknown>([
    ['steps', 9],
    ['guidanceScale', 4.25],
    ['samples', 1.5],
    ['strength', '0.5'],
    ['format', 7],
    ['longPrompts', 'yes'],
    ['promptWeighting', true],
  ]);
  expect(controlValues({ parameters }, (name) => stored.get(name))).toEqual({
    guidanceScale: 4.25,
    promptWeighting: true,
  });
});

test('an address sets the form by the short names and by those of the API', () => {
  const defaults = { ...demoModel.defaults, img_width: 128, img_height: 128, num_inference_steps: 4 };
  const model: Model = { ...demoModel, defaults: { ...defaults, scheduler: 'edm_euler' }, parameters };
  const query =
    'prompt=a%20fox&negative=&style=ink&long=true&seed=7&steps=3&guidance_scale=4.5&scheduler=plms&size=256×144&samples=9&format=webp';
  expect(addressSettings(new URLSearchParams(query), model)).toEqual({
    prompt: 'a fox',
    negativePrompt: '',
    style: 'ink',
    longPrompts: true,
    seed: 7,
    steps: 3,
    guidanceScale: 4.5,
    scheduler: 'plms',
    format: 'webp',
    width: 256,
    height: 144,
    isShapeChosen: true,
  });
  expect(addressSettings(new URLSearchParams('seed=-1&steps=&prompt='), model)).toEqual({ prompt: '' });
});
