import type { PromptSyntax } from '@easel/parameters';
import { findModel } from './loading/find-model.ts';
import type { TokenCount } from './model.ts';
import { requireText } from './pipeline/limits.ts';
import type { ClipTokenizer } from './tokenizer/clip-tokenizer.ts';

/** How one encoder sees a text, token by token. */
export interface TokenizedText extends TokenCount {
  /** The content tokens that the encoder reads, without start and end markers. */
  readonly ids: readonly number[];
}

/** The tokenizers of a model's text encoders. */
export interface Tokenizers {
  /**
   * @param text at most 20,000 characters, as in a request
   * @param syntax what is read out of the text; absent: nothing
   * @throws EngineError `invalid_request` when the text is longer
   */
  tokenize(text: string, syntax?: PromptSyntax): readonly TokenizedText[];
}

/**
 * Reads the tokenizers of a model without loading the model: for a program that runs it in another process, where a text would
 * be queued behind pictures.
 *
 * @param pathOrName as for `loadModel`
 * @throws EngineError `model_not_found`, `model_file_missing`, `model_config_invalid`, `model_unsupported`, `weights_corrupt`
 * @example
 * const { tokenize } = await loadTokenizers('/models/playground-v2.5');
 * tokenize('a red fox')[0].count; // 3
 */
export async function loadTokenizers(
  pathOrName: string,
  options: { readonly config?: string } = {},
): Promise<Tokenizers> {
  // Imported here, as in load-model.ts.
  const { openCheckpoint, readTokenizers } = await import('./checkpoints/open-checkpoint.ts');
  const checkpoint = await openCheckpoint(findModel(pathOrName, process.env), options);
  const tokenizers = await readTokenizers(checkpoint);
  return {
    tokenize(text, syntax = {}) {
      const checked = requireText('text', text);
      return tokenizers.map((each) => tokenizedText(each, checked, syntax));
    },
  };
}

function tokenizedText(tokenizer: ClipTokenizer, text: string, syntax: PromptSyntax): TokenizedText {
  const { chunks, count, truncated } = tokenizer.encodeWith(text, syntax);
  const limit = tokenizer.limitWith(syntax);
  return { ids: chunks.flatMap(({ ids, length }) => [...ids.subarray(1, 1 + length)]), count, limit, truncated };
}
