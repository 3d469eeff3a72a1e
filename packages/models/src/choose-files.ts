import { CodedError } from '@easel/errors';
import type { HubFile } from './hub/hub.ts';
import { formatReference, type HubReference } from './reference.ts';

export type Variant = 'fp16' | 'fp32';

/** What a repository, or what was chosen of it, is. */
export type ModelForm = 'folder' | 'part' | 'file';

/** What the engine needs of a repository. */
export interface ChosenFiles {
  /** A diffusers folder, one part of one (a UNet, a tiny VAE), or a single file. */
  readonly form: ModelForm;
  readonly files: readonly HubFile[];
  /** The file that comes last, so that what has it has everything; programs look for it. */
  readonly last: string;
}

/** The parts of a diffusers folder, and how each calls its weights. */
const weightParts = {
  text_encoder: 'model',
  text_encoder_2: 'model',
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
} as const;
const TOKENIZER_FILES = [
  'vocab.json',
  'merges.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];
const INDEX = 'model_index.json';
const LORA = 'pytorch_lora_weights.safetensors';
/** The model card and the licence, which are shown. */
const PAPERS = /^(readme\.md|licen[cs]e[^/]*|notice[^/]*)$/i;

/**
 * Chooses what the engine needs of a repository: every part in one precision, both tokenizers, configurations, the model card and the
 * licence. No second copy in another precision or format.
 *
 * @throws CodedError `model_unsupported` for what cannot be used, `download_refused` for a file that is not there
 */
export function chooseFiles(all: readonly HubFile[], reference: HubReference, variant: Variant): ChosenFiles {
  const files = new Map(all.map((file) => [file.path, file]));
  const papers = all.filter(({ path }) => isPaper(path));
  if (reference.file !== undefined)
    return { ...oneFile(files, reference, reference.file), files: [...papers, ...named(files, reference.file)] };
  if (files.has(INDEX)) return folderFiles(files, papers, reference, variant);
  const root = all.filter(({ path }) => !path.includes('/'));
  const part = root.some(({ path }) => path === 'config.json')
    ? weightsIn(root, '', 'diffusion_pytorch_model', variant)
    : [];
  if (part.length > 0)
    return { form: 'part', files: [...papers, ...part, ...named(files, 'config.json')], last: 'config.json' };
  const single = files.has(LORA) ? LORA : onlyWeights(root);
  if (single !== undefined) return { form: 'file', files: [...papers, ...named(files, single)], last: single };
  throw noModel(all, reference);
}

/** Whether it is no part of a model, but what is shown of one: its card or its licence. */
export function isPaper(path: string): boolean {
  return PAPERS.test(path);
}

function oneFile(
  files: ReadonlyMap<string, HubFile>,
  reference: HubReference,
  path: string,
): Pick<ChosenFiles, 'form' | 'last'> {
  if (!files.has(path)) {
    const weights = [...files.keys()].filter((name) => name.endsWith('.safetensors'));
    throw new CodedError('download_refused', `${reference.repo} has no file ${path}`, {
      remedy: `its .safetensors files: ${some(weights)}`,
    });
  }
  if (path.endsWith('.safetensors')) return { form: 'file', last: path };
  throw new CodedError('model_unsupported', `${path} is not a .safetensors file`, {
    remedy:
      'pickles (.bin, .ckpt, .pt) can run programs, and GGUF and ONNX files are not supported: choose a .safetensors file',
  });
}

function folderFiles(
  files: ReadonlyMap<string, HubFile>,
  papers: readonly HubFile[],
  reference: HubReference,
  variant: Variant,
): ChosenFiles {
  const parts = Object.entries(weightParts).flatMap(([part, stem]) => {
    const inPart = [...files.values()].filter(({ path }) => path.startsWith(`${part}/`));
    const weights = weightsIn(inPart, `${part}/`, stem, variant);
    if (weights.length > 0) return [...weights, ...named(files, `${part}/config.json`)];
    throw new CodedError('model_unsupported', `${formatReference(reference)} has no .safetensors weights in ${part}`, {
      remedy:
        inPart.length === 0
          ? 'it is not a model of the SDXL line, which has two text encoders, a UNet and a VAE'
          : 'weights in pickles (.bin) are not read: look for a revision or a copy of the repository with .safetensors files',
    });
  });
  const tokenizers = ['tokenizer', 'tokenizer_2'].flatMap((part) =>
    named(files, ...TOKENIZER_FILES.map((name) => `${part}/${name}`)),
  );
  const configs = named(files, 'scheduler/scheduler_config.json', INDEX);
  return { form: 'folder', files: [...papers, ...tokenizers, ...parts, ...configs], last: INDEX };
}

/**
 * The weights of one part: in the precision that is asked for, else in the other one; in one file or, with an index, in several.
 * The names are those that diffusers and transformers write.
 */
function weightsIn(files: readonly HubFile[], folder: string, stem: string, variant: Variant): HubFile[] {
  const paths = new Map(files.map((file) => [file.path.slice(folder.length), file]));
  const half = `${stem}.fp16`;
  const forms: (readonly [name: string, shards: RegExp])[] = [
    [`${half}.safetensors`, /^$/],
    [`${half}.safetensors.index.json`, shardsOf(half)],
    [`${stem}.safetensors.index.fp16.json`, shardsOf(half)],
    [`${stem}.safetensors`, /^$/],
    [`${stem}.safetensors.index.json`, shardsOf(stem)],
  ];
  const ordered = variant === 'fp16' ? forms : [...forms.slice(3), ...forms.slice(0, 3)];
  for (const [name, shards] of ordered) {
    const found = paths.get(name);
    if (found !== undefined)
      return [...[...paths].filter(([path]) => shards.test(path)).map(([, file]) => file), found];
  }
  return [];
}

function shardsOf(stem: string): RegExp {
  return new RegExp(`^${stem.replaceAll('.', '\\.')}-\\d{5}-of-\\d{5}\\.safetensors$`);
}

function onlyWeights(root: readonly HubFile[]): string | undefined {
  const [only, ...others] = root.filter(({ path }) => path.endsWith('.safetensors'));
  return others.length === 0 ? only?.path : undefined;
}

function named(files: ReadonlyMap<string, HubFile>, ...paths: readonly string[]): HubFile[] {
  return paths.flatMap((path) => files.get(path) ?? []);
}

function noModel(all: readonly HubFile[], reference: HubReference): CodedError {
  const weights = all.map(({ path }) => path).filter((path) => path.endsWith('.safetensors'));
  const name = formatReference(reference);
  if (weights.length === 0) {
    return new CodedError('model_unsupported', `${name} has no .safetensors file`, {
      remedy:
        'pickles (.bin, .ckpt, .pt), GGUF and ONNX files are not supported: look for a copy of the model with .safetensors files',
    });
  }
  return new CodedError('model_unsupported', `${name} has no ${INDEX}, and ${weights.length} .safetensors files`, {
    remedy: `choose one, such as ${formatReference({ ...reference, file: weights[0] ?? '' })}; there are ${some(weights)}`,
  });
}

function some(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return `${names.slice(0, 12).join(', ')}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`;
}
