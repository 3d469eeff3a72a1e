import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseModelObject, readModelText, rejectFile } from '../model-files.ts';

/** A plain object, as in the file and the library: this avoids copying 49408 entries. */
export type TokenIds = Readonly<Record<string, number>>;

/** The data of byte-pair encoding: the tokens, and which neighbours merge, most frequent first. */
export interface Vocabulary {
  /** The file the tokens came from, for errors. */
  readonly file: string;
  readonly ids: TokenIds;
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/** Vocabularies that are in use, by a hash of their files: the two tokenizers of a checkpoint have the same one as a rule. */
const inUse = new Map<string, WeakRef<TokenIds>>();
const mergesInUse = new WeakMap<TokenIds, Vocabulary['merges']>();

/**
 * Reads `vocab.json` (token → id) and `merges.txt` (one pair a line, the first line a comment) from a tokenizer's folder. Equal files that
 * are in use give the same objects again, which are not to be changed.
 *
 * @throws EngineError `model_file_missing`, or `model_config_invalid` with the file and the line
 */
export async function readVocabulary(dir: string): Promise<Vocabulary> {
  const [file, mergesFile] = [join(dir, 'vocab.json'), join(dir, 'merges.txt')];
  const text = await readModelText(file);
  const mergesText = await readModelText(mergesFile);
  const key = createHash('sha256').update(text).update('\0').update(mergesText).digest('base64');
  const known = inUse.get(key)?.deref();
  const knownMerges = known && mergesInUse.get(known);
  if (known !== undefined && knownMerges !== undefined) return { file, ids: known, merges: knownMerges };
  const ids = parseIds(text, file);
  const merges = parseMerges(mergesText, mergesFile, ids);
  inUse.set(key, new WeakRef(ids));
  mergesInUse.set(ids, merges);
  return { file, ids, merges };
}

/** OpenAI's CLIP vocabulary of 49408 tokens, included in this package: single-file checkpoints contain none. */
export function builtInVocabulary(): Promise<Vocabulary> {
  // the package's root is two folders up from src/tokenizer and from dist/tokenizer
  return readVocabulary(fileURLToPath(new URL('../../vocabulary', import.meta.url)));
}

function parseIds(text: string, file: string): TokenIds {
  const ids = parseModelObject(text, file);
  if (isTokenIds(ids)) return ids;
  return rejectFile(file, 'must give every token a whole number as its id');
}

function isTokenIds(ids: JsonObject): ids is TokenIds {
  return Object.values(ids).every((id) => typeof id === 'number' && Number.isSafeInteger(id) && id >= 0);
}

function parseMerges(text: string, file: string, ids: TokenIds): [string, string][] {
  const lines = text.trimEnd().split(/\r?\n/);
  return lines.slice(1).map((line, i) => mergeOf(line.split(' '), { file, ids, place: `line ${i + 2}` }));
}

function mergeOf(
  tokens: readonly unknown[],
  { file, ids, place }: { file: string; ids: TokenIds; place: string },
): [string, string] {
  const [left, right, ...rest] = tokens;
  if (typeof left !== 'string' || typeof right !== 'string' || !left || !right || rest.length > 0)
    rejectFile(file, `${place} must be two tokens (got ${JSON.stringify(tokens.join(' '))})`);
  if (!Object.hasOwn(ids, left + right))
    rejectFile(file, `${place} makes ${JSON.stringify(left + right)}, which the vocabulary lacks`);
  return [left, right];
}

/**
 * The vocabulary in a `tokenizer.json`, the one file that transformers writes since version 5. Its `merges` are strings ("a b"), or pairs
 * since tokenizers 0.20. Everything else in it must match CLIP's, because this engine implements that part itself.
 *
 * @throws EngineError `model_config_invalid`; `model_unsupported` for a tokenizer of another kind
 */
export function vocabularyOf(json: JsonObject, file: string): Vocabulary {
  const model = isJsonObject(json.model) ? json.model : rejectFile(file, 'has no model, which holds the vocabulary');
  const isClip = (model.type ?? 'BPE') === 'BPE' && model.end_of_word_suffix === '</w>';
  if (!isClip) {
    const kind = model.type === 'BPE' ? 'BPE without </w> at the end of words' : JSON.stringify(model.type);
    const message = `${file} is not a tokenizer of CLIP's kind (its model is ${kind})`;
    throw new EngineError('model_unsupported', message, {
      remedy: 'use the tokenizer of an SDXL-family checkpoint',
      details: { file },
    });
  }
  const ids = { ...(isJsonObject(model.vocab) ? model.vocab : rejectFile(file, 'has no vocab in its model')) };
  for (const { content, id } of addedTokensOf(json, file)) if (!Object.hasOwn(ids, content)) ids[content] = id;
  if (!isTokenIds(ids)) rejectFile(file, 'must give every token a whole number as its id');
  const merges: unknown = model.merges;
  if (!Array.isArray(merges)) rejectFile(file, 'has no list of merges in its model');
  const pairs = merges.map((merge: unknown, i) => {
    const tokens: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    return mergeOf(tokens, { file, ids, place: `merge ${i + 1}` });
  });
  return { file, ids, merges: pairs };
}

/** The tokens that a `tokenizer.json` matches as a whole. */
export function addedTokensOf(json: JsonObject, file: string): { readonly content: string; readonly id: number }[] {
  const tokens: unknown = json.added_tokens ?? [];
  if (!Array.isArray(tokens)) rejectFile(file, 'has added_tokens that are no list');
  return tokens.map((token: unknown) => {
    if (isJsonObject(token) && typeof token.content === 'string' && typeof token.id === 'number')
      return { content: token.content, id: token.id };
    return rejectFile(file, `has an added token without content and id (${JSON.stringify(token)})`);
  });
}

/** @throws EngineError `model_config_invalid` naming the vocabulary's file */
export function tokenId({ ids, file }: Vocabulary, token: string): number {
  return Object.hasOwn(ids, token) ? ids[token] : rejectFile(file, `lacks the token ${JSON.stringify(token)}`);
}
