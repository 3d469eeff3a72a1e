import { readFile } from 'node:fs/promises';

/** A prompt of the adherence test, and what must be seen in its picture. */
export interface Question {
  readonly prompt: string;
  readonly objects: readonly string[];
  /** A colour or a place; null where the prompt names none. */
  readonly background: string | null;
  readonly style: string;
  /** `one`, `two` or `three` of the same, or a `pair`. */
  readonly kind: string;
}

export interface Questions {
  /** One object, a background and a style, in combinations that the model was not trained on. */
  readonly single: readonly Question[];
  /** Half of them pairs of objects that were never together, half two or three of the same. */
  readonly several: readonly Question[];
}

/** Written by the model's builder (tools/demo-model, stage `prompts`). */
export async function readQuestions(): Promise<Questions> {
  return JSON.parse(await readFile(new URL('fixtures/prompts.json', import.meta.url), 'utf8'));
}

/** The n-th question is always drawn from the same seed, so that pictures can be made again. */
export const seedOf = (index: number) => 100_000 + index;
