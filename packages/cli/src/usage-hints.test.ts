import { describe, expect, it } from 'vitest';
import { hintForCommand, hintForOption } from './usage-hints.ts';

describe('the hint for an option of another tool', () => {
  it.each([
    ['--prompt', 'in quotes'],
    ['--cfg', '--guidance-scale'],
    ['--cfg_scale', '--guidance-scale'],
    ['--cfgScale=7', '--guidance-scale'],
    ['--CFG-SCALE', '--guidance-scale'],
    ['--sampler', '--scheduler'],
    ['--num_inference_steps', '--steps'],
    ['--loras', 'use --lora NAME:WEIGHT'],
    ['--controlnet', 'not supported yet'],
    ['--gpu', '--device NAME'],
    ['-n', '--samples'],
    ['-n4', '--samples'],
    ['-W', '--width'],
    ['-W512', '--width'],
    ['-H', '--height'],
    ['--api-key', 'EASEL_API_KEY'],
  ])('%s says %s', (option, text) => {
    expect(hintForOption(option)).toContain(text);
  });

  it('is none where nothing is known', () => {
    for (const option of ['--stepz', '--', '-', '-z', '--constructor', '--__proto__', '--seeds']) {
      expect(hintForOption(option), option).toBeUndefined();
    }
  });
});

describe('the hint for a command of another tool', () => {
  it('leads to the one that does it here', () => {
    expect(hintForCommand('txt2img')).toContain('easel generate');
    expect(hintForCommand('a red apple')).toContain('easel generate');
    expect(hintForCommand('download')).toContain('easel pull');
    expect(hintForCommand('webui')).toContain('easel serve');
    for (const name of ['genrate', 'constructor', 'toString', '']) expect(hintForCommand(name), name).toBeUndefined();
  });
});
