import { familyNames } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { type KnownModel, knownModel, knownModels, nameOfReference } from './catalogue.ts';
import { chooseFiles } from './choose-files.ts';
import type { HubFile } from './hub/hub.ts';
import { formatReference } from './reference.ts';

/** Sizes of files as other projects publish them: hash tables and download scripts of the same repositories. */
const published = {
  'sdxl unet fp16': 5_135_149_760,
  'sdxl unet fp32': 10_270_077_736,
  'text_encoder fp16': 246_144_152,
  'text_encoder fp32': 492_265_168,
  'text_encoder_2 fp16': 1_389_382_176,
  'text_encoder_2 fp32': 2_778_702_264,
  'vae fp16': 167_335_342,
  'vae fp32': 334_643_268,
  'sdxl in one file': 6_938_040_682,
} as const;

/** What a UNet of so many weights takes, with the header of its file, in half precision. */
const unetBytes: Readonly<Record<string, number>> = {
  'ssd-1b': 1_331_334_404 * 2 + 150_000,
  'segmind-vega': 745_225_604 * 2 + 100_000,
};

function file(path: string, bytes = 500): HubFile {
  return { path, bytes, digest: { kind: 'git', hex: '0'.repeat(40) } };
}

/** A repository in the layout of diffusers, with everything that such repositories have. */
function wholeRepository({ name }: KnownModel): HubFile[] {
  const half = unetBytes[name] ?? published['sdxl unet fp16'];
  const full = unetBytes[name] === undefined ? published['sdxl unet fp32'] : half * 2;
  const weights: readonly (readonly [part: string, stem: string, fp16: number, fp32: number])[] = [
    ['text_encoder', 'model', published['text_encoder fp16'], published['text_encoder fp32']],
    ['text_encoder_2', 'model', published['text_encoder_2 fp16'], published['text_encoder_2 fp32']],
    ['unet', 'diffusion_pytorch_model', half, full],
    ['vae', 'diffusion_pytorch_model', published['vae fp16'], published['vae fp32']],
  ];
  return [
    ...['.gitattributes', 'README.md', 'LICENSE.md', 'model_index.json', 'scheduler/scheduler_config.json'].map(
      (path) => file(path),
    ),
    file('whole.safetensors', published['sdxl in one file']),
    file('vae_1_0/diffusion_pytorch_model.safetensors', published['vae fp32']),
    ...['tokenizer', 'tokenizer_2'].flatMap((folder) => [
      file(`${folder}/vocab.json`, 1_059_962),
      file(`${folder}/merges.txt`, 524_619),
      file(`${folder}/tokenizer_config.json`),
      file(`${folder}/special_tokens_map.json`),
    ]),
    ...weights.flatMap(([part, stem, fp16, fp32]) => [
      file(`${part}/config.json`),
      file(`${part}/${stem}.fp16.safetensors`, fp16),
      file(`${part}/${stem}.safetensors`, fp32),
      file(`${part}/${stem === 'model' ? 'pytorch_model' : stem}.fp16.bin`, fp16),
      file(`${part}/openvino_model.bin`, fp32),
      file(`${part}/model.onnx`, fp32),
    ]),
  ];
}

/** The files of repositories that are no whole model, as their model cards and the documentation of diffusers name them. */
const others: Readonly<Record<string, readonly HubFile[]>> = {
  'ByteDance/SDXL-Lightning': [1, 2, 4, 8].flatMap((steps) => [
    file(`sdxl_lightning_${steps}step${steps === 1 ? '_x0' : ''}.safetensors`, published['sdxl in one file']),
    file(`sdxl_lightning_${steps}step_unet${steps === 1 ? '_x0' : ''}.safetensors`, published['sdxl unet fp16']),
    ...(steps === 1 ? [] : [file(`sdxl_lightning_${steps}step_lora.safetensors`, 393_854_592)]),
  ]),
  'ByteDance/Hyper-SD': [
    ...['1step', '2steps', '4steps', '8steps', '8steps-CFG', '12steps-CFG'].map((form) =>
      file(`Hyper-SDXL-${form}-lora.safetensors`, 787_359_648),
    ),
    file('Hyper-SDXL-1step-Unet.safetensors', published['sdxl unet fp16']),
    file('Hyper-SD15-4steps-lora.safetensors', 269_127_064),
  ],
  'latent-consistency/lcm-lora-sdxl': [file('README.md'), file('pytorch_lora_weights.safetensors', 393_854_624)],
  'latent-consistency/lcm-lora-ssd-1b': [file('README.md'), file('pytorch_lora_weights.safetensors', 210_000_000)],
  'segmind/Segmind-VegaRT': [file('README.md'), file('pytorch_lora_weights.safetensors', 239_000_000)],
  'latent-consistency/lcm-sdxl': [
    file('config.json'),
    file('diffusion_pytorch_model.fp16.safetensors', published['sdxl unet fp16']),
    file('diffusion_pytorch_model.safetensors', published['sdxl unet fp32']),
  ],
  'madebyollin/taesdxl': [
    file('config.json'),
    file('diffusion_pytorch_model.safetensors', 9_800_000),
    file('taesdxl_decoder.safetensors', 4_900_000),
    file('taesdxl_encoder.safetensors', 4_900_000),
    file('diffusion_pytorch_model.bin', 9_800_000),
  ],
};

describe.each(knownModels.map((model) => [model.name, model] as const))('%s', (name, model) => {
  const all = others[model.reference.repo] ?? wholeRepository(model);

  it('is a name of its own, in small letters, and leads back to itself', () => {
    expect(name).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
    const names = knownModels.flatMap(({ name: other, aliases }) => [other, ...aliases]);
    expect(names.filter((other) => other === name)).toHaveLength(1);
    for (const alias of [name, name.toUpperCase(), ...model.aliases]) expect(knownModel(alias)).toBe(model);
    expect(nameOfReference(model.reference)).toBe(name);
  });

  it('is a licence with an address, and a family that the engine has', () => {
    expect(model.licence.name).not.toBe('');
    expect(model.licence.link).toMatch(/^https:\/\//);
    expect(familyNames).toContain(model.family);
  });

  it.each(Object.entries(model.bytes))(
    'in %s takes one precision of each part, and the size that is said',
    (variant, bytes) => {
      const { files } = chooseFiles(all, model.reference, variant === 'fp32' ? 'fp32' : 'fp16');
      const paths = files.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
      expect(paths.filter((path) => /\.(bin|onnx|ckpt)$/.test(path))).toEqual([]);
      const weights = paths.filter((path) => path.endsWith('.safetensors'));
      expect(weights).toHaveLength(model.kind === 'model' && model.reference.file === undefined ? 4 : 1);
      const total = files.reduce((sum, { bytes: own }) => sum + own, 0);
      expect(Math.abs(total - bytes) / total, formatReference(model.reference)).toBeLessThan(0.01);
    },
  );

  it.runIf(model.kind === 'model' && model.reference.file === undefined)('brings all that the engine reads', () => {
    const { form, files, last } = chooseFiles(all, model.reference, 'fp16');
    expect({ form, last }).toEqual({ form: 'folder', last: 'model_index.json' });
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE.md',
        'model_index.json',
        'scheduler/scheduler_config.json',
        ...['text_encoder', 'text_encoder_2', 'unet', 'vae'].map((part) => `${part}/config.json`),
        ...['tokenizer', 'tokenizer_2'].flatMap((part) => [`${part}/vocab.json`, `${part}/merges.txt`]),
      ]),
    );
  });
});

describe('the catalogue', () => {
  it('has the models and adapters of the SDXL line', () => {
    expect(knownModels.filter(({ kind }) => kind === 'model').map(({ name }) => name)).toEqual([
      'playground-v2.5',
      'playground-v2',
      'sdxl-base-1.0',
      'ssd-1b',
      'segmind-vega',
      'sdxl-turbo',
      ...[1, 2, 4, 8].map((steps) => `sdxl-lightning-${steps}step`),
    ]);
    for (const name of [
      'sdxl',
      'lcm-lora-sdxl',
      'lcm-lora-ssd-1b',
      'vega-rt',
      'lcm-sdxl',
      'hyper-sd-1step-unet',
      'taesdxl',
    ]) {
      expect(knownModel(name), name).toBeDefined();
    }
  });
});
