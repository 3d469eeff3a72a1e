import { open } from 'node:fs/promises';

export interface NewTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Left out: a hole of zeros, so that a file of any size costs nothing. */
  readonly bytes?: Uint8Array;
}

const WIDTH = { F16: 2, BF16: 2, F32: 4, F64: 8, F8_E4M3: 1, F8_E5M2: 1, I64: 8, I16: 2, U8: 1 } as const;
export type Dtype = keyof typeof WIDTH;

/** Writes a safetensors file as other programs do: names in order, header padded to 8 bytes. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NewTensor[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  const placed = tensors.map((tensor) => {
    const begin = end;
    end += tensor.shape.reduce((product, side) => product * side, WIDTH[tensor.dtype]);
    header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
    return { ...tensor, begin };
  });
  const json = JSON.stringify(header);
  const padded = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(padded.length));
  await using file = await open(path, 'w');
  await file.write(Buffer.concat([prefix, padded]), 0, undefined, 0);
  await file.truncate(8 + padded.length + end);
  for (const { bytes, begin } of placed) {
    if (bytes) await file.write(bytes, 0, bytes.length, 8 + padded.length + begin);
  }
}
