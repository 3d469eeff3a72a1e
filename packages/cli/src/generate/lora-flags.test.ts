import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addLora } from '../options.ts';
import type { GenerateFlags } from './flags.ts';
import { loraName, lorasOf, resolveLoras } from './lora-flags.ts';

const flags: GenerateFlags = { samples: 1, metadata: true, show: true };
const add = addLora('--lora');

test.each([
  ['watercolour', 'watercolour', 1],
  ['watercolour:0.8', 'watercolour', 0.8],
  ['watercolour:-1', 'watercolour', -1],
  ['C:\\loras\\ink.safetensors:.5', 'C:\\loras\\ink.safetensors', 0.5],
  ['./ink.safetensors', './ink.safetensors', 1],
])('--lora %s is %s with its weight', (text, name, weight) => {
  expect(add(text, undefined)).toEqual([{ name, weight }]);
});

test('--lora is repeated for several, up to 8', () => {
  const eight = Array.from({ length: 8 }).reduce((list: unknown) => add('a:0.5', list), undefined);
  expect(eight).toHaveLength(8);
  expect(() => add('a', eight)).toThrow('--lora can be given at most 8 times');
  expect(() => add('a:5', undefined)).toThrow('the weight of --lora must be a number from -4 to 4 (got 5)');
});

test('a LoRA is a file, or a file of the folder of LoRAs by its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-loras-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'ink.safetensors');
  await writeFile(file, '');
  const env = { EASEL_LORAS_DIR: folder, HOME: folder };
  const one = (name: string) => resolveLoras([{ name, weight: 0.5 }], flags, env);
  for (const name of ['ink', 'ink.safetensors', file]) expect(one(name), name).toEqual([{ file, weight: 0.5 }]);
  expect(() => one('oil')).toThrow(
    expect.objectContaining({ code: 'model_not_found', remedy: expect.stringContaining(`${folder} has ink`) }),
  );
  expect(() => one('inq')).toThrow(expect.objectContaining({ remedy: expect.stringMatching(/^did you mean ink\? /) }));
  expect(() => one('lcm-lora-sdx')).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/^did you mean lcm-lora-sdxl\? /) }),
  );
  expect(() => one('../ink')).toThrow(/there is no LoRA/);
  expect(resolveLoras([{ name: 'ink' }], { ...flags, loraAnyBase: true }, env)[0]).toMatchObject({ anyBase: true });
});

test('a LoRA that easel pull knows is found where it was pulled to, and is told how to be had where it was not', async () => {
  const home = await mkdtemp(join(tmpdir(), 'easel-pulled-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const env = { HOME: home };
  const one = () => resolveLoras([{ name: 'lcm-lora-sdxl' }], flags, env);
  expect(one).toThrow(expect.objectContaining({ remedy: 'download it with: easel pull lcm-lora-sdxl' }));
  const repo = join(home, '.cache/huggingface/hub/models--latent-consistency--lcm-lora-sdxl');
  const snapshot = join(repo, 'snapshots', 'a'.repeat(40));
  for (const folder of [snapshot, join(repo, 'refs')]) await mkdir(folder, { recursive: true });
  await writeFile(join(repo, 'refs/main'), 'a'.repeat(40));
  await writeFile(join(snapshot, 'pytorch_lora_weights.safetensors'), '');
  const file = join(snapshot, 'pytorch_lora_weights.safetensors');
  expect(one()).toEqual([{ file, weight: 1 }]);
  expect(loraName(file)).toBe('lcm-lora-sdxl');
});

test('tags in a prompt are LoRAs with --lora-tags only', () => {
  const prompt = 'a fox <lora:ink:0.5>';
  expect(lorasOf(prompt, flags)).toEqual({ prompt, loras: [] });
  expect(lorasOf(prompt, { ...flags, loraTags: true, loras: [{ name: 'oil' }] })).toEqual({
    prompt: 'a fox',
    loras: [{ name: 'oil' }, { name: 'ink', weight: 0.5 }],
  });
});

test('tags beyond the limits are refused before anything is loaded', () => {
  const tagged = { ...flags, loraTags: true, loras: [{ name: 'oil' }] };
  expect(() => lorasOf('a fox <lora:ink:9>', tagged)).toThrow(/from -4 to 4 \(got <lora:ink:9>\)/);
  expect(() => lorasOf(`a fox ${'<lora:ink:0.1>'.repeat(8)}`, tagged)).toThrow(/at most 8 LoRAs together \(got 9\)/);
});
