import { Tokenizer } from '@huggingface/tokenizers';
import type { Vocabulary } from './vocabulary.ts';

/** The part of the library that this engine uses; its own declarations do not resolve in ECMAScript modules. */
export interface BytePairEncoder {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
}

/** A token that is matched as a whole, before anything is split or merged. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Whether it is matched in the normalised text rather than in the original. */
  readonly normalized: boolean;
}

// Unicode White_Space, spelt out: JavaScript's \s includes U+FEFF and lacks U+0085
const whitespace = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
// a contraction, a run of letters, one digit, or a run of any other visible characters
const words = `'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^${whitespace}\\p{L}\\p{N}]+`;

/**
 * CLIP's byte-level byte-pair encoding (Radford et al. 2021; Sennrich et al. 2016), for text already processed by `prepareText`.
 * The library gets it as a tokenizer.json, always this one: those of checkpoints differ in details.
 */
export function createBytePairEncoder(
  { ids, merges }: Vocabulary,
  addedTokens: readonly AddedToken[],
  unknownToken: string,
): BytePairEncoder {
  const json = {
    added_tokens: addedTokens.map((token) => ({ ...token, special: true })),
    normalizer: { type: 'Replace', pattern: { Regex: `[${whitespace}]+` }, content: ' ' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: words }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      vocab: ids,
      merges,
      unk_token: unknownToken,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
    },
  };
  return new Tokenizer(json, {});
}

/**
 * Canonical composition, then lower case code point by code point: `toLowerCase` of a whole string would make a Greek final sigma
 * of Σ at a word's end, which the reference does not. An unpaired surrogate, which UTF-8 cannot hold, becomes U+FFFD.
 */
export function prepareText(text: string): string {
  return Array.from(text.toWellFormed().normalize('NFC'), (character) => character.toLowerCase()).join('');
}
