import { type AddedToken, createBytePairEncoder, prepareText } from './byte-pair-encoder.ts';
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

export interface ClipTokenizer {
  encode(text: string): ClipTokens;
  /** Content tokens that fit. */
  readonly limit: number;
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

/**
 * The tokenizer of a CLIP text encoder, as in transformers 5. Long texts are truncated, not split into chunks, and parentheses are ordinary
 * text; a marker typed in the text counts as the marker.
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

  return {
    limit,
    eosId,
    encode(text) {
      const content = encoder.encode(prepareText(text), { add_special_tokens: false }).ids;
      const kept = content.slice(0, limit);
      const ids = new Int32Array(maxLength).fill(padTokenId);
      ids.set([bosId, ...kept, eosId]);
      return { ids, count: content.length, truncated: decode(content.slice(limit)) };
    },
  };

  function decode(ids: number[]): string {
    if (ids.length === 0) return '';
    return encoder.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }).trim();
  }
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
