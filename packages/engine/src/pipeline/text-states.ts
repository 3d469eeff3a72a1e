/** What the UNet is told of a text. */
export interface TextStates {
  /** [77, X]: the states of both encoders side by side. */
  readonly context: Float32Array;
  /** [P]: the second encoder's summary. */
  readonly pooled: Float32Array;
}

/** Rows of a [rows, a] and b [rows, b] side by side: [rows, a + b]. */
export function concatFeatures(a: Float32Array, b: Float32Array, rows: number): Float32Array {
  const [widthA, widthB] = [a.length / rows, b.length / rows];
  const joined = new Float32Array(a.length + b.length);
  for (let row = 0; row < rows; row++) {
    joined.set(a.subarray(row * widthA, (row + 1) * widthA), row * (widthA + widthB));
    joined.set(b.subarray(row * widthB, (row + 1) * widthB), row * (widthA + widthB) + widthA);
  }
  return joined;
}

/** What stands for "no negative prompt" in a model with force_zeros_for_empty_prompt. */
export function zeroStates(like: TextStates): TextStates {
  return { context: new Float32Array(like.context.length), pooled: new Float32Array(like.pooled.length) };
}
