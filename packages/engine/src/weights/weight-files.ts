import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { recogniseFile } from '../file-kinds.ts';
import { isJsonObject, readModelObject, rejectFile } from '../model-files.ts';
import { readSafetensors, type TensorInfo } from './safetensors.ts';

/**
 * The tensors of one component of a diffusers folder: one file, or several with an index that maps tensors to files, as
 * diffusers and transformers write them above 10 and 5 GB. `NAME.fp16` and `NAME` hold the same model; either will do.
 *
 * @param stem `model` or `diffusion_pytorch_model`
 * @throws EngineError `model_file_missing`, `model_config_invalid`, `weights_corrupt`, `model_unsupported`
 */
export async function readWeightFiles(
  folder: string,
  stem: string,
  variant: 'fp16' | 'fp32' = 'fp16',
): Promise<Map<string, TensorInfo>> {
  const names = await readdir(folder).catch(() => []);
  const present = new Set(names);
  for (const name of candidates(stem, variant, names)) {
    if (!present.has(name)) continue;
    return name.endsWith('.json') ? readShards(folder, name) : readSafetensors(join(folder, name));
  }
  throw await missingWeights(folder, stem, names);
}

/** In order of preference. Both spellings of an index with a variant occur. */
function candidates(stem: string, variant: 'fp16' | 'fp32', names: readonly string[]): string[] {
  const half = ofVariant(stem, 'fp16');
  const plain = [`${stem}.safetensors`, `${stem}.safetensors.index.json`];
  const known = variant === 'fp16' ? [...half, ...plain] : [...plain, ...half];
  // A folder may contain only another variant, such as bf16 or non_ema.
  const variants = names.flatMap((name) => variantOf(stem, name) ?? []);
  return [...known, ...[...new Set(variants)].sort().flatMap((name) => ofVariant(stem, name))];
}

function ofVariant(stem: string, variant: string): string[] {
  return [
    `${stem}.${variant}.safetensors`,
    `${stem}.${variant}.safetensors.index.json`,
    `${stem}.safetensors.index.${variant}.json`,
  ];
}

function variantOf(stem: string, name: string): string | undefined {
  if (!name.startsWith(`${stem}.`) || SHARD.test(name)) return undefined;
  const rest = name.slice(stem.length + 1);
  return (
    /^(\w+)\.safetensors(?:\.index\.json)?$/.exec(rest)?.[1] ?? /^safetensors\.index\.(\w+)\.json$/.exec(rest)?.[1]
  );
}

const SHARD = /-\d{5}-of-\d{5}\.safetensors$/;

async function readShards(folder: string, indexName: string): Promise<Map<string, TensorInfo>> {
  const file = join(folder, indexName);
  const shardOf = await readIndex(file);
  const shards = [...new Set(shardOf.values())].sort();
  await requireShards(folder, shards, file);
  const tensors = new Map<string, TensorInfo>();
  for (const shard of shards) {
    for (const [name, tensor] of await readSafetensors(join(folder, shard))) {
      if (tensors.has(name)) {
        const other = tensors.get(name)?.file ?? '';
        throw contradiction(file, name, `lies in ${shard} and in ${other}: shards of two different saves`);
      }
      tensors.set(name, tensor);
    }
  }
  for (const [name, shard] of shardOf) {
    if (!tensors.has(name)) throw contradiction(file, name, `is not in ${shard}, where the index has it`);
  }
  return tensors;
}

/** Tensor → file of the same folder. */
async function readIndex(file: string): Promise<Map<string, string>> {
  const map = (await readModelObject(file)).weight_map;
  if (!isJsonObject(map)) rejectFile(file, 'has no weight_map, which says what lies where');
  const shardOf = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !shard.endsWith('.safetensors'))
      rejectFile(file, `names ${JSON.stringify(shard)} for ${name}, which is no .safetensors file`);
    if (/[/\\\0]/.test(shard))
      rejectFile(file, `names ${JSON.stringify(shard)}, which is not a file of its own folder`);
    shardOf.set(name, shard);
  }
  if (shardOf.size === 0) rejectFile(file, 'names no tensors');
  return shardOf;
}

async function requireShards(folder: string, shards: readonly string[], index: string): Promise<void> {
  const present = new Set(await readdir(folder));
  const [missing, ...others] = shards.filter((shard) => !present.has(shard));
  if (missing === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more of its ${shards.length} files`;
  const message = `${join(folder, missing)} is missing${more}, which ${index} names`;
  throw new EngineError('model_file_missing', message, {
    remedy: 'download what is missing',
    details: { file: join(folder, missing) },
  });
}

function contradiction(index: string, tensor: string, problem: string): EngineError {
  const message = `${index}: the tensor ${tensor} ${problem}`;
  return new EngineError('weights_corrupt', message, {
    remedy: 'download the files of this folder again',
    details: { file: index, tensor },
  });
}

/** The remedy depends on what is there instead. */
async function missingWeights(folder: string, stem: string, names: readonly string[]): Promise<EngineError> {
  const wanted = `${stem}.fp16.safetensors nor ${stem}.safetensors`;
  const details = { file: join(folder, `${stem}.safetensors`) };
  const shard = names.find((name) => SHARD.test(name));
  if (shard !== undefined) {
    const message = `${folder} holds parts of weights (${shard}) but not their index, ${stem}.safetensors.index.json`;
    return new EngineError('model_file_missing', message, { details });
  }
  const foreign = names.find((name) => /\.(bin|ckpt|pt|pth|msgpack|h5|onnx|gguf)(\.index\.json)?$/i.test(name));
  if (foreign !== undefined) {
    const kind = foreign.endsWith('.json')
      ? undefined
      : await recogniseFile(join(folder, foreign)).catch(() => undefined);
    const what = kind === undefined ? 'which is not read' : `${kind.what}: ${kind.help}`;
    const message = `${folder} holds neither ${wanted}, only ${foreign}, ${what}`;
    return new EngineError('model_unsupported', message, { details: { file: join(folder, foreign) } });
  }
  const message = `${folder} holds neither ${wanted} (${names.length === 0 ? 'it is empty' : `it holds ${names.slice(0, 5).join(', ')}`})`;
  return new EngineError('model_file_missing', message, { remedy: 'download the weights of this part', details });
}

/** Changes whenever one of the files does, without reading them: their paths, sizes and times. */
export function fileStates(files: Iterable<string>): Promise<readonly (readonly [string, number, number])[]> {
  return Promise.all(
    [...new Set(files)].sort().map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs] as const;
    }),
  );
}
