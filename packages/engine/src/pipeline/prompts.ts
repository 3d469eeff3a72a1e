import type { ClipEncoder, TextEncoding } from '../components/clip/encoder.ts';
import type { NetworkContext } from '../components/network.ts';
import type { TextStates } from '../components/unet/unet.ts';
import { sdxlEncoders } from '../families/sdxl-architecture.ts';
import type { GenerateRequest, GenerateResult, PromptField } from '../model.ts';
import { requireText } from './limits.ts';

/** A text for each encoder. */
export type PromptTexts = readonly string[];

/** An empty text for a later encoder is replaced by the first one's, as in the reference. */
export function promptTexts(request: GenerateRequest): PromptTexts {
  return textsOf(
    sdxlEncoders.map(({ prompt }) => [prompt, prompt === 'prompt' ? request.prompt : (request[prompt] ?? '')]),
  );
}

/** Null: none, which means zeros, not an encoded empty text. @param forceZeros the model's setting for this */
export function negativeTexts(request: GenerateRequest, forceZeros: boolean): PromptTexts | null {
  const first = request.negativePrompt ?? (forceZeros ? null : '');
  if (first === null) return null;
  return textsOf(
    sdxlEncoders.map(({ negativePrompt }, index) => [
      negativePrompt,
      index === 0 ? first : (request[negativePrompt] ?? ''),
    ]),
  );
}

function textsOf(given: readonly (readonly [PromptField, string])[]): PromptTexts {
  const texts = given.map(([field, text]) => requireText(field, text));
  return texts.map((text) => (text === '' ? texts[0] : text));
}

/** All encoders of a model together: a text for each → the UNet's text conditioning. */
export class PromptEncoder {
  readonly encoders: readonly ClipEncoder[];
  readonly #join: (encodings: readonly TextEncoding[], positions: number) => TextStates;

  /** @param join combines the encodings as the model's family requires */
  constructor(
    encoders: readonly ClipEncoder[],
    join: (encodings: readonly TextEncoding[], positions: number) => TextStates,
  ) {
    this.encoders = encoders;
    this.#join = join;
  }

  /** Length of a sequence, markers and padding included. */
  get positions(): number {
    return this.encoders[0].positions;
  }

  async encode(texts: PromptTexts, context: NetworkContext): Promise<TextStates> {
    const encodings: TextEncoding[] = [];
    for (const [index, encoder] of this.encoders.entries()) encodings.push(await encoder.encode(texts[index], context));
    return this.#join(encodings, this.positions);
  }

  async releaseSessions(): Promise<void> {
    for (const encoder of this.encoders) await encoder.releaseSessions();
  }

  async encodeNegative(texts: PromptTexts | null, like: TextStates, context: NetworkContext): Promise<TextStates> {
    if (texts !== null) return this.encode(texts, context);
    return { context: new Float32Array(like.context.length), pooled: new Float32Array(like.pooled.length) };
  }

  /** The text that the encoders do not see; one used by several is reported once, by the encoder that truncates most. */
  truncated(prompt: PromptTexts, negative: PromptTexts | null | undefined): GenerateResult['truncated'] {
    const ofTexts = (texts: PromptTexts, fields: readonly PromptField[]) =>
      [...new Set(texts)].map((text) => {
        const cut = this.encoders.map(({ tokenizer }, index) =>
          texts[index] === text ? tokenizer.encode(text).truncated : '',
        );
        const longest = cut.reduce((most, each) => (each.length > most.length ? each : most));
        return { field: fields[texts.indexOf(text)], text: longest };
      });
    return [
      ...ofTexts(
        prompt,
        sdxlEncoders.map((place) => place.prompt),
      ),
      ...(negative
        ? ofTexts(
            negative,
            sdxlEncoders.map((place) => place.negativePrompt),
          )
        : []),
    ].filter(({ text }) => text !== '');
  }
}
