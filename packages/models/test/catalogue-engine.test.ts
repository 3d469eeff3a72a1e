import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectLoras, inspectModel } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { parseVaeConfig } from '../../engine/src/components/vae/config.ts';
import { JsonConfig } from '../../engine/src/json-config.ts';
import { loadTinyDecoder } from '../../engine/src/loading/tiny-decoder.ts';
import { Residency } from '../../engine/src/runtime/residency.ts';
import { defaultTarget } from '../../engine/src/runtime/variant.ts';
import { familyFolder, sdxlScheduler } from '../../engine/test/family-folder.ts';
import { fixturePath } from '../../engine/test/fixtures.ts';
import type { KnownModel } from '../src/catalogue.ts';
import {
  acceptLicence,
  familyOfPulled,
  knownModels,
  planPull,
  resolveModel,
  resolvePart,
  runPull,
} from '../src/index.ts';
import { type Files, startHub } from './fake-hub.ts';
import { FIRST, folder } from './place.ts';

// Every name is pulled from a Hub whose files have the names that the model cards tell, with tiny weights in them, and given to the engine.

const read = (path: string) => readFileSync(path);
const fixture = (path: string) => read(fixturePath(path));
const unetFile = 'diffusion_pytorch_model.fp16.safetensors';

/** How the scheduler of each repository is configured, as its scheduler_config.json says. */
const schedulers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'playground-v2.5': JSON.parse(fixture('model/scheduler/scheduler_config.json').toString()),
  'playground-v2': sdxlScheduler('EulerAncestralDiscreteScheduler'),
  'sdxl-turbo': sdxlScheduler('EulerAncestralDiscreteScheduler', { timestep_spacing: 'trailing' }),
};
const structures: Readonly<Record<string, string>> = { 'ssd-1b': 'ssd_1b', 'segmind-vega': 'vega' };

/** A whole model of a repository, tiny: what `easel pull` should take, and what it should leave. */
async function wholeModel({ name }: KnownModel): Promise<Files> {
  const scheduler = schedulers[name] ?? sdxlScheduler('EulerDiscreteScheduler');
  const own =
    name === 'playground-v2.5' ? fixturePath('model') : await familyFolder({ scheduler, unet: structures[name] });
  const parts = ['text_encoder', 'text_encoder_2', 'unet', 'vae'];
  const weights = (part: string) => (part.startsWith('text') ? 'model' : 'diffusion_pytorch_model');
  const tokens = ['tokenizer', 'tokenizer_2'].flatMap((part) =>
    ['vocab.json', 'merges.txt', 'tokenizer_config.json', 'special_tokens_map.json'].map((file) => `${part}/${file}`),
  );
  const taken = [
    'model_index.json',
    'scheduler/scheduler_config.json',
    ...tokens,
    ...parts.flatMap((part) => [`${part}/config.json`, `${part}/${weights(part)}.fp16.safetensors`]),
  ];
  return {
    ...Object.fromEntries(taken.map((path) => [path, read(join(own, path))])),
    ...Object.fromEntries(parts.map((part) => [`${part}/${weights(part)}.bin`, Buffer.from('a pickle')])),
    'whole.safetensors': Buffer.from('a second copy'),
  };
}

/** The weights of a name that is one file, or one part. */
function weightsOf({ name, kind }: KnownModel): Buffer {
  if (kind === 'lora') return fixture('loras/peft.safetensors');
  if (kind === 'unet')
    return fixture(name === 'lcm-sdxl' ? `families/unets/guided/${unetFile}` : `model/unet/${unetFile}`);
  return fixture('single_file/playground-v2.5-tiny.fp16.safetensors');
}

async function filesOf(model: KnownModel): Promise<Files> {
  const { file } = model.reference;
  if (model.kind === 'model' && file === undefined) return wholeModel(model);
  if (file !== undefined)
    return { 'README.md': Buffer.from('# Models'), [file]: weightsOf(model), 'other.safetensors': Buffer.alloc(9) };
  if (model.kind === 'lora') return { 'pytorch_lora_weights.safetensors': weightsOf(model) };
  if (model.kind === 'unet') return { 'config.json': Buffer.from('{}'), [unetFile]: weightsOf(model) };
  const tiny = (path: string) => fixture(`tiny_vae/folder/${path}`);
  return {
    'config.json': tiny('config.json'),
    'diffusion_pytorch_model.safetensors': tiny('diffusion_pytorch_model.safetensors'),
    'taesdxl_decoder.safetensors': fixture('tiny_vae/original_decoder.safetensors'),
  };
}

async function pulled(model: KnownModel): Promise<Record<string, string>> {
  const { repo } = model.reference;
  const home = folder();
  const hub = await startHub({ [repo]: { commits: { [FIRST]: await filesOf(model) }, main: FIRST } });
  const env = { HOME: home, HF_ENDPOINT: hub.url, XDG_DATA_HOME: home };
  const context = { env, signal: new AbortController().signal, retryMs: 1 };
  await acceptLicence(repo, { name: model.licence.name }, env);
  await runPull(await planPull({ name: model.name }, context), context);
  return env;
}

describe.each(knownModels.map((model) => [model.name, model] as const))('%s', (name, model) => {
  it('brings exactly what the engine loads, which takes it for the family of the catalogue', async () => {
    const env = await pulled(model);
    const family = familyOfPulled(name, env);
    const said = family && { family };
    if (model.kind === 'model') {
      const config = model.reference.file === undefined ? {} : { config: fixturePath('model') };
      const { info, problems } = await inspectModel(resolveModel(name, env), { ...config, ...said });
      expect(problems).toEqual([]);
      expect(info).toMatchObject({ familyName: model.family });
      expect(family).toBe(model.reference.file === undefined ? undefined : model.family);
      return;
    }
    const base = await familyFolder({
      scheduler: sdxlScheduler('EulerDiscreteScheduler'),
      unet: name === 'lcm-sdxl' ? 'guided' : undefined,
    });
    if (model.kind === 'unet') {
      const { info, problems } = await inspectModel(base, { unet: resolvePart(name, env), ...said });
      expect(problems).toEqual([]);
      expect(info).toMatchObject({ familyName: model.family });
      if (name === 'lcm-sdxl') expect(info?.defaults.scheduler).toBe('lcm');
    } else if (model.kind === 'lora') {
      const { notices } = await (await inspectLoras(base))({ file: resolveModel(name, env) });
      // All of these are for few steps, as their names or those of their repositories say.
      expect(notices).toContainEqual(expect.stringMatching(/made for .* steps?, a guidance scale of /));
    } else {
      const vae = parseVaeConfig(await JsonConfig.read(fixturePath('model/vae/config.json')));
      const residency = new Residency(defaultTarget.device, 'small');
      const path = resolvePart(name, env, { mayBeFolder: true });
      await (await loadTinyDecoder(path, vae, { threads: 1, residency })).release();
    }
  });
});
