import type { PromptSyntax } from '@easel/parameters';
import { type AddedToken, createBytePairEncoder, prepareText } from './byte-pair-encoder.ts';
import { cutChunks, readPromptSyntax, type WeightedText, type WeightedToken } from './prompt-syntax.ts';
import { builtInVocabulary, tokenId, type Vocabulary } from './vocabulary.ts';

/** A text as one encoder receives it. */
export interface ClipTokens {
  /** int32 [77]: start marker, at most 75 content tokens, end marker, padding. */
  readonly ids: Int32Array;
  /** Content tokens before truncation, markers not counted. */
  readonly count: number;
  /** The truncated text, decoded from its tokens; empty when everything fits. */
  readonly truncated: string;
}

/** What an encoder reads in one pass. */
export interface ClipChunk extends Pick<ClipTokens, 'ids'> {
  /** Content tokens. */
  readonly length: number;
  /** [77], one for each id; absent: all are 1. */
  readonly weights?: Float32Array;
}

/** A text with weights, or of several passes. */
export interface ClipChunks extends Omit<ClipTokens, 'ids'> {
  readonly chunks: readonly ClipChunk[];
}

export interface ClipTokenizer {
  /** Long texts are truncated, and parentheses are ordinary text. */
  encode(text: string): ClipTokens;
  /** What the syntax names is read out of the text. */
  encodeWith(text: string, syntax: PromptSyntax): ClipChunks;
  /** Content tokens that fit into one chunk. */
  readonly limit: number;
  /** Content tokens that are read of a text with this syntax, at most. */
  limitWith(syntax: PromptSyntax): number;
  /** The id of the end marker, at whose first position the pooled embedding is taken. */
  readonly eosId: number;
}

export interface ClipTokenizerOptions {
  readonly vocabulary: Vocabulary;
  /** Start and end marker; both must be in the vocabulary. The end marker also represents unknown bytes. */
  readonly bosToken: string;
  readonly eosToken: string;
  readonly padTokenId: number;
  /** Every `!` of the original text is a token of its own, never merged with neighbours, as in SDXL's second tokenizer. */
  readonly specialBang: boolean;
  /** Length of the sequence, markers included. */
  readonly maxLength: number;
}

export const clipBosToken = '<|startoftext|>';
export const clipEosToken = '<|endoftext|>';
export const CLIP_MAX_LENGTH = 77;

/** Of a long text. The cross-attention of every pass reads them all. */
export const MAX_CHUNKS = 8;

/**
 * The tokenizer of a CLIP text encoder, as in transformers 5. A marker typed in the text counts as the marker.
 *
 * @throws EngineError `model_config_invalid` when the vocabulary lacks a marker
 */
export function createClipTokenizer(options: ClipTokenizerOptions): ClipTokenizer {
  const { vocabulary, bosToken, eosToken, padTokenId, specialBang, maxLength } = options;
  const bosId = tokenId(vocabulary, bosToken);
  const eosId = tokenId(vocabulary, eosToken);
  const addedTokens: AddedToken[] = [
    ...(specialBang ? [{ content: '!', id: tokenId(vocabulary, '!'), normalized: false }] : []),
    { content: bosToken, id: bosId, normalized: true },
    { content: eosToken, id: eosId, normalized: true },
  ];
  const encoder = createBytePairEncoder(vocabulary, addedTokens, eosToken);
  const limit = maxLength - 2;
  const comma = Object.hasOwn(vocabulary.ids, ',</w>') ? vocabulary.ids[',</w>'] : undefined;

  return {
    limit,
    limitWith: ({ longPrompts }) => (longPrompts ? MAX_CHUNKS * limit : limit),
    eosId,
    encode(text) {
      const content = tokensOf(text);
      return { ids: idsOf(content.slice(0, limit)), count: content.length, truncated: decode(content.slice(limit)) };
    },
    encodeWith(text, syntax) {
      const sections = readPromptSyntax(text, syntax).map((pieces) => pieces.flatMap(weightedTokens));
      const content = sections.flat();
      const cut = syntax.longPrompts ? cutChunks(sections, { limit, comma }) : [content.slice(0, limit)];
      const chunks = cut.slice(0, MAX_CHUNKS);
      const read = chunks.reduce((sum, { length }) => sum + length, 0);
      return {
        chunks: chunks.map(chunkOf),
        count: content.length,
        truncated: decode(content.slice(read).map(({ id }) => id)),
      };
    },
  };

  function tokensOf(text: string): number[] {
    return encoder.encode(prepareText(text), { add_special_tokens: false }).ids;
  }

  function weightedTokens({ text, weight }: WeightedText): WeightedToken[] {
    return tokensOf(text).map((id) => ({ id, weight }));
  }

  function idsOf(content: readonly number[]): Int32Array {
    const ids = new Int32Array(maxLength).fill(padTokenId);
    ids.set([bosId, ...content, eosId]);
    return ids;
  }

  function chunkOf(tokens: readonly WeightedToken[]): ClipChunk {
    const ids = idsOf(tokens.map(({ id }) => id));
    const weights = weightsOf(tokens, maxLength);
    return { ids, length: tokens.length, ...(weights && { weights }) };
  }

  function decode(ids: number[]): string {
    if (ids.length === 0) return '';
    return encoder.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }).trim();
  }
}

/** Undefined: all are 1. */
function weightsOf(tokens: readonly WeightedToken[], maxLength: number): Float32Array | undefined {
  if (tokens.every(({ weight }) => weight === 1)) return undefined;
  const weights = new Float32Array(maxLength).fill(1);
  const ofTokens = tokens.map(({ weight }) => weight);
  weights.set(ofTokens, 1);
  return weights;
}

/**
 * The two tokenizers of SDXL and Playground v2.5 over the built-in vocabulary, for checkpoints without their own. The second pads
 * with `!` and treats it as special.
 */
export async function builtInTokenizers(): Promise<[ClipTokenizer, ClipTokenizer]> {
  const vocabulary = await builtInVocabulary();
  const common = { vocabulary, bosToken: clipBosToken, eosToken: clipEosToken, maxLength: CLIP_MAX_LENGTH };
  return [
    createClipTokenizer({ ...common, padTokenId: tokenId(vocabulary, clipEosToken), specialBang: false }),
    createClipTokenizer({ ...common, padTokenId: tokenId(vocabulary, '!'), specialBang: true }),
  ];
}
