import type { FamilyName } from '@easel/engine';
import type { Variant } from './choose-files.ts';
import { type HubReference, parseReference } from './reference.ts';

/** What a name stands for: a whole model, or what is used together with one. */
export type ModelKind = 'model' | 'unet' | 'lora' | 'tiny-vae';

/** A model that has a name here. What it is made of is asked of the Hub; what is written here is shown before, and without the network. */
export interface KnownModel {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly kind: ModelKind;
  readonly reference: HubReference;
  /** The family it is of, or whose models it is for, as the engine calls it. */
  readonly family: FamilyName;
  /** The identifier of the model card, and where the text is. */
  readonly licence: { readonly name: string; readonly link: string };
  /** About; of the precisions that can be asked for. */
  readonly bytes: Readonly<Partial<Record<Variant, number>>>;
  /** What of this could only be taken from documentation, and not be compared with the Hub. */
  readonly unchecked: readonly string[];
}

/** Weights of the SDXL line: text encoders and VAE, and each UNet. */
const parameters = {
  textEncoder: 123_060_480,
  textEncoder2: 694_659_840,
  vae: 83_653_863,
  unet: { sdxl: 2_567_463_684, ssd1b: 1_331_334_404, vega: 745_225_604 },
} as const;

const { textEncoder, textEncoder2, vae, unet } = parameters;
const wholeModel = (network: number) => {
  const all = textEncoder + textEncoder2 + vae + network;
  return { fp16: all * 2, fp32: all * 4 };
};
const half = (bytes: number) => ({ fp16: bytes });

const REVISION = 'that `main` still has these files';
const SIZE = 'the exact size';
const LICENCE = 'the name and address of the licence';

const hub = (reference: string): HubReference => {
  const parsed = parseReference(reference);
  if (parsed === undefined) throw new Error(`${reference} is no reference`);
  return parsed;
};

const openrail = (repo: string) => ({
  name: 'openrail++',
  link: `https://huggingface.co/${repo}/blob/main/LICENSE.md`,
});
const apache = { name: 'apache-2.0', link: 'https://www.apache.org/licenses/LICENSE-2.0' };

const SDXL = 'stabilityai/stable-diffusion-xl-base-1.0';
const LIGHTNING = 'ByteDance/SDXL-Lightning';
const HYPER = 'ByteDance/Hyper-SD';

const models: readonly KnownModel[] = [
  {
    name: 'playground-v2.5',
    aliases: ['playground', 'playground-2.5', 'playground-v2.5-1024px-aesthetic'],
    title: 'Playground v2.5, 1024px aesthetic',
    kind: 'model',
    reference: hub('playgroundai/playground-v2.5-1024px-aesthetic'),
    family: 'playground-v2.5',
    licence: {
      name: 'playground-v2dot5-community',
      link: 'https://huggingface.co/playgroundai/playground-v2.5-1024px-aesthetic/blob/main/LICENSE.md',
    },
    bytes: wholeModel(unet.sdxl),
    unchecked: [REVISION, SIZE, LICENCE],
  },
  {
    name: 'playground-v2',
    aliases: ['playground-v2-1024px-aesthetic'],
    title: 'Playground v2, 1024px aesthetic',
    kind: 'model',
    reference: hub('playgroundai/playground-v2-1024px-aesthetic'),
    family: 'playground-v2',
    licence: {
      name: 'playground-v2-community',
      link: 'https://huggingface.co/playgroundai/playground-v2-1024px-aesthetic/blob/main/LICENSE.md',
    },
    bytes: wholeModel(unet.sdxl),
    unchecked: [REVISION, SIZE, LICENCE],
  },
  {
    name: 'sdxl-base-1.0',
    aliases: ['sdxl', 'sdxl-base', 'stable-diffusion-xl', 'stable-diffusion-xl-base-1.0'],
    title: 'Stable Diffusion XL base 1.0',
    kind: 'model',
    reference: hub(SDXL),
    family: 'sdxl',
    licence: openrail(SDXL),
    bytes: wholeModel(unet.sdxl),
    unchecked: [REVISION, SIZE],
  },
  {
    name: 'ssd-1b',
    aliases: ['segmind-ssd-1b'],
    title: 'Segmind SSD-1B: half of SDXL',
    kind: 'model',
    reference: hub('segmind/SSD-1B'),
    family: 'ssd-1b',
    licence: apache,
    bytes: wholeModel(unet.ssd1b),
    unchecked: [REVISION, SIZE],
  },
  {
    name: 'segmind-vega',
    aliases: ['vega'],
    title: 'Segmind-Vega: less than a third of SDXL',
    kind: 'model',
    reference: hub('segmind/Segmind-Vega'),
    family: 'segmind-vega',
    licence: apache,
    bytes: wholeModel(unet.vega),
    unchecked: [REVISION, SIZE],
  },
  {
    name: 'sdxl-turbo',
    aliases: ['turbo'],
    title: 'SDXL-Turbo: 1 to 4 steps at 512×512',
    kind: 'model',
    reference: hub('stabilityai/sdxl-turbo'),
    family: 'sdxl-turbo',
    licence: { name: 'sai-nc-community', link: 'https://huggingface.co/stabilityai/sdxl-turbo/blob/main/LICENSE.md' },
    bytes: wholeModel(unet.sdxl),
    unchecked: [REVISION, SIZE, LICENCE],
  },
];

/** SDXL-Lightning: as a whole model in one file, as a UNet and, but for one step, as a LoRA for SDXL. */
const lightning = [1, 2, 4, 8].flatMap((steps): KnownModel[] => {
  const family: FamilyName = steps === 1 ? 'sdxl-lightning-1-step' : 'sdxl-lightning';
  const common = { family, licence: openrail(LIGHTNING), unchecked: [REVISION, SIZE] };
  const title = `SDXL-Lightning for ${steps} step${steps === 1 ? '' : 's'}`;
  const name = `sdxl-lightning-${steps}step`;
  const file = `sdxl_lightning_${steps}step`;
  const form = steps === 1 ? '_x0' : '';
  const aliases = steps === 4 ? ['sdxl-lightning', 'lightning'] : [];
  const whole: KnownModel = {
    ...common,
    ...{ name, aliases, title, kind: 'model', reference: hub(`${LIGHTNING}:${file}${form}.safetensors`) },
    bytes: half(wholeModel(unet.sdxl).fp16),
  };
  const network: KnownModel = {
    ...common,
    ...{ name: `${name}-unet`, aliases: [], title: `${title}: the UNet`, kind: 'unet' },
    reference: hub(`${LIGHTNING}:${file}_unet${form}.safetensors`),
    bytes: half(unet.sdxl * 2),
  };
  if (steps === 1) return [whole, network];
  const lora: KnownModel = {
    ...common,
    ...{ name: `${name}-lora`, aliases: [], title: `${title}: a LoRA for SDXL`, kind: 'lora', family: 'sdxl' },
    reference: hub(`${LIGHTNING}:${file}_lora.safetensors`),
    bytes: half(393_854_592),
  };
  return [whole, network, lora];
});

const lora = (
  name: string,
  title: string,
  reference: string,
  family: FamilyName,
  bytes: number,
  own: Partial<KnownModel> = {},
): KnownModel => {
  const { repo } = hub(reference);
  return {
    ...{
      name,
      aliases: [],
      title,
      kind: 'lora',
      reference: hub(reference),
      family,
      licence: openrail(repo),
      bytes: half(bytes),
    },
    unchecked: [REVISION, SIZE, LICENCE],
    ...own,
  };
};

const lcm: readonly KnownModel[] = [
  lora(
    'lcm-lora-sdxl',
    'LCM for SDXL in 4 to 8 steps: a LoRA',
    'latent-consistency/lcm-lora-sdxl',
    'sdxl',
    393_854_624,
  ),
  lora(
    'lcm-lora-ssd-1b',
    'LCM for SSD-1B in 4 to 8 steps: a LoRA',
    'latent-consistency/lcm-lora-ssd-1b',
    'ssd-1b',
    210_000_000,
  ),
  lora(
    'vega-rt',
    'Segmind-VegaRT: LCM for Segmind-Vega in 4 steps: a LoRA',
    'segmind/Segmind-VegaRT',
    'segmind-vega',
    239_000_000,
    {
      aliases: ['segmind-vegart', 'vegart'],
      licence: apache,
      unchecked: [REVISION, SIZE],
    },
  ),
  {
    name: 'lcm-sdxl',
    aliases: [],
    title: 'LCM for SDXL in 4 steps: the UNet',
    kind: 'unet',
    reference: hub('latent-consistency/lcm-sdxl'),
    family: 'lcm-unet',
    licence: openrail('latent-consistency/lcm-sdxl'),
    bytes: { fp16: unet.sdxl * 2, fp32: unet.sdxl * 4 },
    unchecked: [REVISION, SIZE, LICENCE],
  },
];

/** Hyper-SD: the LoRA for one step is for one to eight; those with CFG need guidance. */
const hyper: readonly KnownModel[] = [
  ...[1, 2, 4, 8].map((steps) => {
    const title = `Hyper-SD for SDXL in ${steps === 1 ? '1 to 8 steps' : `${steps} steps`}: a LoRA`;
    const file = `Hyper-SDXL-${steps}step${steps === 1 ? '' : 's'}-lora.safetensors`;
    return lora(`hyper-sd-${steps}step-lora`, title, `${HYPER}:${file}`, 'sdxl', 787_359_648);
  }),
  ...[8, 12].map((steps) => {
    const title = `Hyper-SD for SDXL in ${steps} steps with guidance: a LoRA`;
    return lora(
      `hyper-sd-${steps}step-cfg-lora`,
      title,
      `${HYPER}:Hyper-SDXL-${steps}steps-CFG-lora.safetensors`,
      'sdxl',
      787_359_648,
    );
  }),
  lora(
    'hyper-sd-1step-unet',
    'Hyper-SD for SDXL in 1 step: the UNet',
    `${HYPER}:Hyper-SDXL-1step-Unet.safetensors`,
    'sdxl',
    unet.sdxl * 2,
    {
      kind: 'unet',
      family: 'hyper-sd-1-step',
    },
  ),
];

const tiny: KnownModel = {
  name: 'taesdxl',
  aliases: ['taesd-xl'],
  title: 'TAESD for SDXL and Playground: a small decoder',
  kind: 'tiny-vae',
  reference: hub('madebyollin/taesdxl'),
  family: 'sdxl',
  licence: { name: 'mit', link: 'https://github.com/madebyollin/taesd/blob/main/LICENSE' },
  bytes: half(9_800_000),
  unchecked: [REVISION, SIZE],
};

/** Every name that `easel pull` knows. */
export const knownModels: readonly KnownModel[] = [...models, ...lightning, ...lcm, ...hyper, tiny];

/** The model of a name, whatever its case. */
export function knownModel(name: string): KnownModel | undefined {
  const wanted = name.toLowerCase();
  return knownModels.find((model) => model.name === wanted || model.aliases.includes(wanted));
}

/** The name of what a reference means; undefined: it has none. */
export function nameOfReference({ repo, file }: HubReference): string | undefined {
  return knownModels.find(
    ({ reference }) => reference.repo.toLowerCase() === repo.toLowerCase() && reference.file === file,
  )?.name;
}
