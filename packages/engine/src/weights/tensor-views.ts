import type { TensorInfo } from './safetensors.ts';

/** Rows [begin, end) of the first dimension: the same bytes, no copy. */
export function rowsOf(tensor: TensorInfo, begin: number, end: number): TensorInfo {
  const [rows = 1, ...rest] = tensor.shape;
  const bytesPerRow = tensor.byteLength / rows;
  return {
    ...tensor,
    shape: [end - begin, ...rest],
    offset: tensor.offset + begin * bytesPerRow,
    byteLength: (end - begin) * bytesPerRow,
  };
}

/** A [C, C, 1, 1] convolution is the [C, C] matrix of a linear layer. */
export function asMatrix(tensor: TensorInfo): TensorInfo {
  const [rows = 1, columns = 1, ...rest] = tensor.shape;
  return rest.length === 2 && rest.every((side) => side === 1) ? { ...tensor, shape: [rows, columns] } : tensor;
}

/** A parameter stored as [in, out], under the shape [out, in] that a linear layer's weight has. */
export function asTransposed(tensor: TensorInfo): TensorInfo {
  return { ...tensor, shape: tensor.shape.toReversed(), transposed: true };
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
