import type { PromptSyntax } from '@easel/parameters';
import type { ClipEncoder, EncoderChunk, TextEncoding } from '../components/clip/encoder.ts';
import type { NetworkContext } from '../components/network.ts';
import type { TextStates } from '../components/unet/unet.ts';
import { sdxlEncoders } from '../families/sdxl-architecture.ts';
import type { GenerateRequest, GenerateResult, PromptField } from '../model.ts';
import { requireText } from './limits.ts';

/** A text for each encoder. */
export type PromptTexts = readonly string[];

/** What a run encodes. */
export interface GuidedTexts {
  readonly prompt: PromptTexts;
  /** Undefined: no guidance. Null: guidance against zero embeddings. */
  readonly negative: PromptTexts | null | undefined;
  readonly syntax: PromptSyntax;
}

/** An empty text for a later encoder is replaced by the first one's, as in the reference. */
export function promptTexts(request: GenerateRequest): PromptTexts {
  return textsOf(
    sdxlEncoders.map(({ prompt }) => [prompt, prompt === 'prompt' ? request.prompt : (request[prompt] ?? '')]),
  );
}

/** Null: none, which means zeros, not an encoded empty text. @param forceZeros the model's setting for this */
export function negativeTexts(request: GenerateRequest, forceZeros: boolean): PromptTexts | null {
  const texts = textsOf(sdxlEncoders.map(({ negativePrompt: field }) => [field, request[field] ?? '']));
  return forceZeros && (request.negativePrompt ?? null) === null ? null : texts;
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

  /** Length of a sequence of one chunk, markers and padding included. */
  get positions(): number {
    return this.encoders[0].positions;
  }

  /**
   * The texts of both halves of guidance, as long as each other: shorter ones get empty chunks.
   *
   * @param negative undefined: no guidance; null: zeros
   * @param beforePass called between passes
   */
  async encode(
    { prompt, negative, syntax }: GuidedTexts,
    context: NetworkContext,
    beforePass: () => Promise<void>,
  ): Promise<{ readonly positive: TextStates; readonly negative: TextStates | undefined }> {
    const halves = [prompt, negative ?? []].map((texts) =>
      texts.map((text, index) => this.#chunks(index, text, syntax)),
    );
    const count = Math.max(...halves.flat().map(({ length }) => length));
    const positive = await this.#encode(halves[0], count, context, beforePass);
    await beforePass();
    if (negative === undefined) return { positive, negative };
    const { context: states, pooled } = positive;
    const zeros = { context: new Float32Array(states.length), pooled: new Float32Array(pooled.length) };
    return {
      positive,
      negative: negative === null ? zeros : await this.#encode(halves[1], count, context, beforePass),
    };
  }

  #chunks(encoder: number, text: string, syntax: PromptSyntax): readonly EncoderChunk[] {
    return this.encoders[encoder].tokenizer.encodeWith(text, syntax).chunks;
  }

  /** Of each encoder the states of all chunks one after another, and the pooled output of the first. @param chunks of each encoder */
  async #encode(
    chunks: readonly (readonly EncoderChunk[])[],
    count: number,
    context: NetworkContext,
    beforePass: () => Promise<void>,
  ): Promise<TextStates> {
    const encodings: TextEncoding[] = [];
    for (const [index, encoder] of this.encoders.entries()) {
      const padding = { ids: encoder.tokenizer.encode('').ids };
      const parts: TextEncoding[] = [];
      for (let at = 0; at < count; at++) {
        if (at > 0) await beforePass();
        parts.push(await encoder.encode(chunks[index][at] ?? padding, context));
      }
      encodings.push(joinEncodings(parts));
    }
    return this.#join(encodings, count * this.positions);
  }

  async releaseSessions(): Promise<void> {
    for (const encoder of this.encoders) await encoder.releaseSessions();
  }

  /** The text that the encoders do not see; one used by several is reported once, by the encoder that truncates most. */
  truncated({ prompt, negative, syntax }: GuidedTexts): GenerateResult['truncated'] {
    const ofTexts = (texts: PromptTexts, fields: readonly PromptField[]) =>
      [...new Set(texts)].map((text) => {
        const cut = this.encoders.map(({ tokenizer }, index) =>
          texts[index] === text ? tokenizer.encodeWith(text, syntax).truncated : '',
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

function joinEncodings(parts: readonly TextEncoding[]): TextEncoding {
  const [first] = parts;
  if (parts.length === 1) return first;
  const hidden = new Float32Array(parts.length * first.hidden.length);
  for (const [index, part] of parts.entries()) hidden.set(part.hidden, index * first.hidden.length);
  return { hidden, pooled: first.pooled };
}
