/** ONNX element types (TensorProto.DataType) that the graphs use. */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e5m2: 19,
} as const;

export type ElementType = keyof typeof ELEMENT;
