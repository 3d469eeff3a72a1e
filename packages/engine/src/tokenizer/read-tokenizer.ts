import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { isJsonObject, type JsonObject, readModelObject, rejectFile } from '../model-files.ts';
import {
  type ClipTokenizer,
  clipBosToken,
  clipEosToken,
  clipMaxLength,
  createClipTokenizer,
} from './clip-tokenizer.ts';
import { readVocabulary, tokenId, type Vocabulary } from './vocabulary.ts';

/**
 * Reads a tokenizer's folder of a diffusers checkpoint: `vocab.json`, `merges.txt`, `tokenizer_config.json` and, if there,
 * `special_tokens_map.json`. Nothing depends on the vocabulary's size or on the ids of its markers.
 *
 * @param fallback makes the tokenizer to use when there is no such folder
 * @throws EngineError `model_file_missing`, `model_config_invalid` or `model_unsupported`, naming the file
 * @example
 * const tokenizer = await readTokenizer('model/tokenizer_2');
 * tokenizer.encode('a red fox!').ids;
 */
export async function readTokenizer(dir: string, fallback?: () => Promise<ClipTokenizer>): Promise<ClipTokenizer> {
  if (fallback && !(await exists(dir))) return fallback();
  const file = join(dir, 'tokenizer_config.json');
  const config = await readModelObject(file);
  const mapFile = join(dir, 'special_tokens_map.json');
  const specialTokens = (await exists(mapFile)) ? await readModelObject(mapFile) : {};
  const vocabulary = await readVocabulary(dir);

  const named = (key: string, usual: string) =>
    contentOf(config[key], file, key) ?? contentOf(specialTokens[key], mapFile, key) ?? usual;
  const bosToken = named('bos_token', clipBosToken);
  const eosToken = named('eos_token', clipEosToken);
  const padToken = named('pad_token', eosToken);
  const added = addedTokens(config, file, vocabulary);
  const other = [...added, padToken].find((token) => ![bosToken, eosToken, '!'].includes(token));
  if (other !== undefined) throw unsupportedToken(file, other);

  return createClipTokenizer({
    vocabulary,
    bosToken,
    eosToken,
    padTokenId: tokenId(vocabulary, padToken),
    // the token for padding is special whether or not it is listed
    specialBang: padToken === '!' || added.includes('!'),
    maxLength: maxLengthOf(config, file),
  });
}

/** A token is written as a string or as an object with its `content`. */
function contentOf(value: unknown, file: string, key: string): string | undefined {
  const content = (isJsonObject(value) ? value.content : value) ?? undefined;
  if (content === undefined || typeof content === 'string') return content;
  return rejectFile(file, `has no token as ${key} (got ${JSON.stringify(value)})`);
}

/** The tokens of `added_tokens_decoder`, which must have the ids that the vocabulary gives them. */
function addedTokens(config: JsonObject, file: string, vocabulary: Vocabulary): string[] {
  const decoder = config.added_tokens_decoder ?? {};
  if (!isJsonObject(decoder)) rejectFile(file, 'has an added_tokens_decoder that is no object');
  return Object.entries(decoder).map(([id, value]) => {
    const token = contentOf(value, file, `added token ${id}`) ?? rejectFile(file, `has no added token ${id}`);
    if (!Object.hasOwn(vocabulary.ids, token)) throw unsupportedToken(file, token);
    const known = vocabulary.ids[token];
    if (known !== Number(id)) rejectFile(file, `gives ${JSON.stringify(token)} the id ${id}, the vocabulary ${known}`);
    return token;
  });
}

function maxLengthOf(config: JsonObject, file: string): number {
  const length = config.model_max_length ?? clipMaxLength;
  if (length === clipMaxLength) return clipMaxLength;
  throw new EngineError(
    'model_unsupported',
    `${file}: model_max_length is ${JSON.stringify(length)}, CLIP takes ${clipMaxLength}; use an SDXL-family checkpoint`,
    { details: { file } },
  );
}

function unsupportedToken(file: string, token: string): EngineError {
  return new EngineError(
    'model_unsupported',
    `${file}: the added token ${JSON.stringify(token)} is not one of CLIP's own; use the checkpoint's original tokenizer`,
    { details: { file } },
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
