import type { PictureSettings } from '@easel/parameters';
import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';
import { settingsOfFile } from './settings-of-file.ts';

const restored = (
  settings: PictureSettings['settings'],
  others: Partial<Pick<PictureSettings, 'source' | 'leftOut'>> = {},
) => settingsOfFile({ source: 'easel', leftOut: [], ...others, settings }, [demoModel]);

test('every setting that the form has is restored and listed', () => {
  const found = {
    prompt: 'a fox',
    negativePrompt: 'fog',
    steps: 20,
    guidanceScale: 4.5,
    seed: 999_999_999_999_999n,
    width: 128,
    height: 64,
    scheduler: 'edm_euler',
    sigmaSchedule: 'karras',
    model: 'easel-demo',
    profile: 'int8',
    style: 'ink',
    longPrompts: true,
  } as const;
  const { sigmaSchedule: _, model: __, seed: ___, ...same } = found;
  expect(restored(found)).toEqual({
    settings: {
      ...same,
      seed: 999_999_999_999_999,
      model: 'playground-v2.5',
      style: 'ink',
      longPrompts: true,
      promptWeighting: false,
      samples: 1,
      startImage: null,
      variationStrength: 0,
      loras: [],
      isShapeChosen: true,
    },
    note:
      'Settings restored from the picture. ' +
      'From Easel: prompt, negative prompt, style, steps, guidance, seed, model, size, scheduler, profile, long prompts.',
  });
});

test('settings without a field in the form are named, including an empty negative prompt of Easel', () => {
  const { settings, note } = restored({
    prompt: 'a fox',
    negativePrompt: '',
    prompt2: 'flat colours',
    guidanceRescale: 0.7,
    sigmaSchedule: 'exponential',
    solverOrder: 3,
    solverType: 'heun',
  });
  const options = { promptWeighting: false, longPrompts: false };
  expect(settings).toEqual({
    ...options,
    prompt: 'a fox',
    negativePrompt: '',
    style: '',
    samples: 1,
    startImage: null,
    variationStrength: 0,
    loras: [],
  });
  expect(note).toBe(
    'Settings restored from the picture. From Easel: prompt. Not restored: the empty negative prompt, ' +
      'second prompt flat colours, guidance rescale 0.7, schedule Exponential, solver order 3, solver type heun ' +
      '(not available in this form).',
  );
  expect(restored({ prompt: 'a', negativePrompt: '' }, { source: 'swarmui' }).note).not.toContain('empty');
});

test('what this server or model does not support is named and not changed', () => {
  const { settings, note } = restored(
    {
      prompt: 'a',
      steps: 150,
      seed: 18446744073709551615n,
      guidanceScale: 30,
      width: 832,
      height: 1216,
      model: 'sdxl',
    },
    { source: 'automatic1111', leftOut: [{ what: 'Clip skip', value: '2', why: 'not supported' }] },
  );
  expect(settings).toEqual({
    prompt: 'a',
    negativePrompt: '',
    style: '',
    samples: 1,
    startImage: null,
    variationStrength: 0,
    loras: [],
  });
  expect(note).toContain(
    'Not restored: Clip skip 2 (not supported); steps 150 (allowed: 1 to 100); guidance 30 (allowed: 0 to 25); ' +
      'seed 18446744073709551615 (larger than 999999999999999); model sdxl (not on this server); ' +
      'size 832×1216 (not supported by this model).',
  );
});

test('a prompt that was not found, or is too long, empties the field and is named', () => {
  const unknown = restored(
    { steps: 20 },
    { source: 'comfyui', leftOut: [{ what: 'prompt', value: '', why: 'not found in the file' }] },
  );
  expect(unknown.settings).toMatchObject({ prompt: '', steps: 20 });
  expect(unknown.note).toBe(
    'Some settings restored from the picture. Its prompt was not found, so the prompt field is empty. From ComfyUI: steps.',
  );
  const long = restored({ prompt: 'x'.repeat(10_001) });
  expect(long.settings?.prompt).toBe('');
  expect(long.note).toContain(`Not restored: prompt ${'x'.repeat(60)}… (longer than 10000 characters).`);
  expect(restored({ prompt: '🦊'.repeat(10_000) }).settings?.prompt).toHaveLength(20_000);
});

test('LoRAs that the model has are restored, others are named', () => {
  const models = [{ ...demoModel, loras: [{ name: 'ink', notices: [], file_size: 0 }] }];
  const settings = {
    prompt: 'a',
    loras: [
      { name: 'ink', weight: 0.5 },
      { name: 'oil', weight: 1 },
    ],
  };
  const found = settingsOfFile({ source: 'easel', settings, leftOut: [] }, models);
  expect(found.settings?.loras).toEqual([{ name: 'ink', weight: 0.5 }]);
  expect(found.note).toContain('From Easel: prompt, LoRAs. Not restored: LoRA oil (1) (not available for this model).');
});

test('a file without readable settings becomes the start image, and the note says why', () => {
  expect(settingsOfFile(null, [demoModel])).toEqual({
    settings: null,
    note: 'No generation settings found in that file, so it is used as the start image.',
  });
  expect(restored({}, { source: 'unknown' })).toMatchObject({
    settings: null,
    note: expect.stringContaining('in a format that is not supported'),
  });
});
