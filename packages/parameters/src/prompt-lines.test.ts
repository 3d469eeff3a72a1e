import { expect, test } from 'vitest';
import { readParametersText } from './dialects/automatic1111.ts';
import { formatParameters } from './format-parameters.ts';
import type { GenerationParameters } from './generation-parameters.ts';
import { parseParameters } from './parse-parameters.ts';
import { takeLoraTags } from './prompt-lines.ts';

const parameters: GenerationParameters = {
  prompt: 'a fox',
  negativePrompt: 'blurry',
  seed: 7n,
  steps: 25,
  scheduler: 'edm_dpmpp_2m',
  guidanceScale: 3,
  width: 1024,
  height: 1024,
  model: 'demo',
  easelVersion: '1.0.0',
};
const hash = '0123456789abcdef'.repeat(4);

test('LoRAs are written as AUTOMATIC1111 writes them: tags in the prompt, and their hashes', () => {
  const loras = [
    { name: 'watercolour', weight: 0.8, hash },
    { name: 'ink, thin', weight: -1, hash },
  ];
  const text = formatParameters({ ...parameters, loras });
  expect(text).toContain('a fox <lora:watercolour:0.8> <lora:ink, thin:-1>\nNegative prompt: blurry\n');
  expect(text).toContain('Lora hashes: "watercolour: 0123456789ab, ink, thin: 0123456789ab"');
});

test.each([
  ['one', 'a fox', [{ name: 'a', weight: 0.8, hash: '0123456789ab' }]],
  [
    'two of one name',
    'a fox',
    [
      { name: 'a', weight: 1 },
      { name: 'a', weight: -0.25 },
    ],
  ],
  ['one, and a tag that the prompt had', 'a <lora:b:1> fox <lora:c:2>', [{ name: 'a', weight: 0.8 }]],
  ['one, and an empty prompt', '', [{ name: 'a', weight: 0.8 }]],
  ['none, and a tag in the prompt', 'a fox <lora:a:0.8>', undefined],
])('%s is read back', (_, prompt, loras) => {
  const read = parseParameters(formatParameters({ ...parameters, prompt, ...(loras && { loras }) }));
  expect(read.prompt).toBe(prompt);
  expect(read.loras).toEqual(loras);
  expect(read.other.size).toBe(0);
});

test('a text of another tool keeps its tags in the prompt, and they are named', () => {
  const text =
    'a fox <lora:oil:0.8>\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Lora hashes: "oil: 0123456789ab"';
  const { settings, leftOut } = readParametersText(text);
  expect(settings.prompt).toBe('a fox <lora:oil:0.8>');
  expect(leftOut).toContainEqual({ what: 'LoRA', value: '<lora:oil:0.8>', why: 'read as plain text' });
});

test('tags are taken out of a prompt, with a weight of 1 where they have none', () => {
  expect(takeLoraTags('<lora:a>a fox <LORA:b c:-.5>in snow <lora:d:>')).toEqual({
    prompt: 'a fox in snow',
    loras: [
      { name: 'a', weight: 1 },
      { name: 'b c', weight: -0.5 },
      { name: 'd', weight: 1 },
    ],
  });
  expect(takeLoraTags('a fox')).toEqual({ prompt: 'a fox', loras: [] });
});
