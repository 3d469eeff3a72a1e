/** ONNX element types (TensorProto.DataType) that the graphs use. */
export const ELEMENT = { float32: 1, uint8: 2, int64: 7, float16: 10, bfloat16: 16 } as const;

export type ElementType = keyof typeof ELEMENT;
