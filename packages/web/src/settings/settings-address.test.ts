import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';
import { defaultSettings } from './settings.ts';
import { addressOfSettings, readAddress } from './settings-address.ts';

const model = { ...demoModel, loras: [{ name: 'ink: wash', notices: [], file_size: 0 }] };

test('an address brings back the settings that it was made from', () => {
  const settings = {
    ...defaultSettings(model),
    prompt: 'a fox & a "hare", 50 %',
    negativePrompt: 'snow',
    style: 'watercolour',
    seed: 7,
    steps: 30,
    guidanceScale: 4.3,
    scheduler: 'edm_euler' as const,
    samples: 4,
    width: 128,
    height: 96,
    loras: [{ name: 'ink: wash', weight: 0.8 }],
  };
  const { startImage: _, mask: __, isShapeChosen: ___, format: _____, strength: ____, ...kept } = settings;
  const address = new URL(addressOfSettings(settings), 'http://easel');
  const read = readAddress(address.searchParams, model);
  expect(read.faults).toEqual([]);
  expect({ ...kept, ...read.settings }).toMatchObject(kept);
  expect(read.settings).toMatchObject({
    prompt: settings.prompt,
    seed: 7,
    scheduler: 'edm_euler',
    loras: settings.loras,
  });
  expect(addressOfSettings({})).toBe('/');
});

test('what an address asks for and cannot be had is told, with what could be', () => {
  const asked =
    'prompt=a+fox&steps=900&guidance=much&seed=1.5&size=100x100&samples=2.5&model=other&loras=oil:0.5&loras=ink:+wash:9';
  const { settings, faults } = readAddress(new URLSearchParams(asked), model);
  expect(settings).toEqual({ prompt: 'a fox' });
  expect(faults).toEqual([
    'model other (not on this server)',
    'samples 2.5 (allowed: whole numbers from 1 to 4)',
    'steps 900 (allowed: whole numbers from 1 to 100)',
    'guidance much (allowed: 0 to 25)',
    'seed 1.5 (allowed: whole numbers from 0 to 999999999999999)',
    'size 100x100 (not supported by this model)',
    'LoRA oil (not available for this model)',
    'weight 9 of LoRA ink: wash',
  ]);
  expect(readAddress(new URLSearchParams('seed=-1&steps='), model)).toEqual({ settings: {}, faults: [] });
});
