import { readFile } from 'node:fs/promises';
import type { DecodedPicture } from '@easel/engine';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Question } from './questions.ts';

/** What was recognised in a picture, and whether it is right; null where the prompt does not say. */
export interface Verdict {
  readonly seen: string;
  readonly objects: boolean;
  readonly background: boolean | null;
  readonly style: boolean;
  /** How many objects. */
  readonly kind: boolean;
}

interface Labels {
  readonly input: { readonly name: string; readonly side: number };
  readonly outputs: Readonly<Record<'objects' | 'background' | 'style' | 'kind', readonly string[]>>;
}

/**
 * Looks at pictures with a classifier that was trained on drawn scenes only, never on pictures of the model it judges
 * (tools/demo-model, stages `classifier` and `export`).
 */
export class Judge {
  readonly #session: InferenceSession;
  readonly #labels: Labels;

  static async open(): Promise<Judge> {
    const file = (name: string) => readFile(new URL(`fixtures/${name}`, import.meta.url));
    const session = await InferenceSession.create(await file('classifier.onnx'));
    return new Judge(session, JSON.parse((await file('labels.json')).toString()));
  }

  private constructor(session: InferenceSession, labels: Labels) {
    this.#session = session;
    this.#labels = labels;
  }

  /** @param picture a square one whose side is a multiple of the classifier's */
  async verdict(picture: DecodedPicture, wanted: Question): Promise<Verdict> {
    const { input, outputs } = this.#labels;
    const pixels = new Tensor('float32', planesOf(picture, input.side), [1, 3, input.side, input.side]);
    const results = await this.#session.run({ [input.name]: pixels });
    const ranked = (name: keyof Labels['outputs']) => rankedLabels(results[name], outputs[name]);
    // As many of the likeliest objects as there should be must be those.
    const objects = ranked('objects').slice(0, wanted.objects.length);
    const [background = '', style = '', kind = ''] = [ranked('background')[0], ranked('style')[0], ranked('kind')[0]];
    return {
      seen: `${objects.toSorted().join(' and ')}, ${background}, ${style}, ${kind}`,
      objects: wanted.objects.every((name) => objects.includes(name)),
      background: wanted.background === null ? null : wanted.background === background,
      style: wanted.style === style,
      kind: wanted.kind === kind,
    };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** Interleaved bytes -> planes in 0..1, reduced to `side` by means of squares.  (side·k, side·k, 3) -> (3, side, side) */
function planesOf({ data, width, height }: DecodedPicture, side: number): Float32Array {
  const block = width / side;
  if (width !== height || !Number.isInteger(block))
    throw new RangeError(`a picture to judge is square, its side a multiple of ${side} (got ${width}×${height})`);
  const planes = new Float32Array(3 * side * side);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let channel = 0; channel < 3; channel += 1) {
        const target = (channel * side + Math.floor(y / block)) * side + Math.floor(x / block);
        const value = data[(y * width + x) * 3 + channel] ?? 0;
        planes[target] = (planes[target] ?? 0) + value / (255 * block * block);
      }
  return planes;
}

/** The labels of one picture's logits, the likeliest first. */
function rankedLabels(logits: Tensor | undefined, labels: readonly string[]): string[] {
  if (!(logits?.data instanceof Float32Array) || logits.data.length !== labels.length)
    throw new TypeError('the classifier does not belong to its labels');
  const scores = logits.data;
  return labels
    .map((label, index) => ({ label, score: scores[index] ?? 0 }))
    .toSorted((one, other) => other.score - one.score)
    .map(({ label }) => label);
}
