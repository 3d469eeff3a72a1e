import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixturePath } from './fixtures.ts';
import { type Dtype, type NewTensor, writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The forms in which other programs save the model of the fixtures, made from it: nothing of theirs is copied. */

export type Tensor = NewTensor & { readonly bytes: Uint8Array };

export const components = {
  text_encoder: 'model',
  text_encoder_2: 'model',
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
} as const;
export type ComponentFolder = keyof typeof components;
export const componentNames: readonly ComponentFolder[] = ['text_encoder', 'text_encoder_2', 'unet', 'vae'];

/** A copy of the diffusers folder of the fixtures, half precision alone. */
export async function modelCopy(): Promise<string> {
  const folder = join(await temporaryFolder(), 'model');
  await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
  await rm(join(folder, 'vae/diffusion_pytorch_model.safetensors'));
  return folder;
}

export const singleFile = fixturePath('single_file/playground-v2.5-tiny.fp16.safetensors');

export async function readTensors(path: string): Promise<Tensor[]> {
  const file = await readFile(path);
  const base = 8 + Number(file.readBigUInt64LE(0));
  const header: Record<string, { dtype: Dtype; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    file.toString('utf8', 8, base),
  );
  return Object.entries(header).flatMap(([name, { dtype, shape, data_offsets: offsets }]) => {
    if (name === '__metadata__') return [];
    return [{ name, dtype, shape, bytes: file.subarray(base + offsets[0], base + offsets[1]) }];
  });
}

/** The weights of one component under another name or of another kind. */
export async function rewriteComponent(
  folder: string,
  component: ComponentFolder,
  write: (tensors: Tensor[], folder: string, stem: string) => Promise<void>,
): Promise<void> {
  const [own, stem] = [join(folder, component), components[component]];
  const tensors = await readTensors(join(own, `${stem}.fp16.safetensors`));
  await rm(join(own, `${stem}.fp16.safetensors`));
  await write(tensors, own, stem);
}

export interface Shards {
  readonly indexName: (stem: string) => string;
  readonly shardName: (stem: string, number: string) => string;
}

/** As diffusers and transformers split what is large: files of tensors, and an index of which tensor is in which. */
export async function writeShards(tensors: readonly Tensor[], folder: string, stem: string, names: Shards) {
  const parts = 3;
  const shardOf: Record<string, string> = {};
  for (let part = 0; part < parts; part++) {
    const file = names.shardName(stem, `0000${part + 1}-of-0000${parts}`);
    const own = tensors.filter((_, index) => index % parts === part);
    for (const { name } of own) shardOf[name] = file;
    await writeSafetensors(join(folder, file), own);
  }
  const index = { metadata: { total_size: 1 }, weight_map: shardOf };
  await writeFile(join(folder, names.indexName(stem)), JSON.stringify(index, undefined, 2));
}

/** `tokenizer.json` and `tokenizer_config.json` as transformers 5 writes them, in place of the four files before it. */
export async function modernTokenizer(folder: string, mergesAs: 'pairs' | 'strings'): Promise<void> {
  const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const vocab: Record<string, number> = JSON.parse(await read('vocab.json'));
  const lines = (await read('merges.txt')).trimEnd().split('\n').slice(1);
  const config: Record<string, unknown> = JSON.parse(await read('tokenizer_config.json'));
  const { added_tokens_decoder: decoder, ...rest } = config;
  const added = Object.entries(Object(decoder)).map(([id, token]) => ({ id: Number(id), ...Object(token) }));
  const whole = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: config.unk_token,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: mergesAs === 'pairs' ? lines.map((line) => line.split(' ')) : lines,
    },
  };
  for (const name of await readdir(folder)) await rm(join(folder, name));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(whole, undefined, 2));
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ ...rest, backend: 'tokenizers', is_local: true, local_files_only: false }, undefined, 2),
  );
}

export function float32Bytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** The values of a half- or full-precision tensor. */
export function valuesOf({ dtype, bytes }: Tensor): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = dtype === 'F32' ? 4 : 2;
  return Array.from({ length: bytes.byteLength / width }, (_, index) =>
    width === 4 ? view.getFloat32(index * 4, true) : view.getFloat16(index * 2, true),
  );
}

/** Cut off, not rounded: which bfloat16 it is does not matter. */
export function asBfloat16(tensor: Tensor): Tensor {
  const bits = new Uint32Array(Float32Array.from(valuesOf(tensor)).buffer);
  return { ...tensor, dtype: 'BF16', bytes: new Uint8Array(Uint16Array.from(bits, (each) => each >>> 16).buffer) };
}

/** The codes nearest to the values divided by `scale`, and what they stand for. `values` are those of the 256 codes. */
export function asFloat8(
  tensor: Tensor,
  dtype: 'F8_E4M3' | 'F8_E5M2',
  values: readonly number[],
  scale: number,
): { readonly stored: Tensor; readonly meant: Tensor } {
  const known = new Map<number, number>();
  const codes = Uint8Array.from(valuesOf(tensor), (value) => {
    const code = known.get(value) ?? nearest(values, value / scale);
    known.set(value, code);
    return code;
  });
  const meant = [...codes].map((code) => Math.fround(values[code] * Math.fround(scale)));
  return {
    stored: { ...tensor, dtype, bytes: codes },
    meant: { ...tensor, dtype: 'F32', bytes: float32Bytes(meant) },
  };
}

function nearest(values: readonly number[], wanted: number): number {
  let best = 0;
  for (let code = 0; code < 256; code++) {
    if (Math.abs(values[code] - wanted) < Math.abs(values[best] - wanted)) best = code;
  }
  return best;
}
