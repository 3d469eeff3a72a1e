import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { isJsonObject, type JsonObject, readModelObject, rejectFile } from '../model-files.ts';
import {
  CLIP_MAX_LENGTH,
  type ClipTokenizer,
  clipBosToken,
  clipEosToken,
  createClipTokenizer,
} from './clip-tokenizer.ts';
import { addedTokensOf, readVocabulary, tokenId, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/**
 * Reads a tokenizer's folder of a diffusers checkpoint: `vocab.json` and `merges.txt`, or `tokenizer.json`, which has both; markers and
 * padding from whichever of `tokenizer_config.json`, `special_tokens_map.json` and `tokenizer.json` names them. Nothing depends on the
 * vocabulary's size or on the ids of its markers.
 *
 * @throws EngineError `model_file_missing`, `model_config_invalid` or `model_unsupported`, naming the file
 * @example
 * const tokenizer = await readTokenizer('model/tokenizer_2');
 * tokenizer.encode('a red fox!').ids;
 */
export async function readTokenizer(dir: string): Promise<ClipTokenizer> {
  const files = await readFiles(dir);
  const { vocabulary, config } = files;
  const added = addedTokens(files);
  const bosToken = tokenNamed(files, 'bos_token') ?? clipBosToken;
  const eosToken = tokenNamed(files, 'eos_token') ?? clipEosToken;
  // Default when no file names it: a special `!` exists because texts are padded with it, as in SDXL's second tokenizer.
  const padToken = tokenNamed(files, 'pad_token') ?? (added.includes('!') ? '!' : eosToken);
  const other = [...added, padToken].find((token) => ![bosToken, eosToken, '!'].includes(token));
  if (other !== undefined) throw unsupportedToken(config?.file ?? vocabulary.file, other);

  return createClipTokenizer({
    vocabulary,
    bosToken,
    eosToken,
    padTokenId: tokenId(vocabulary, padToken),
    // the padding token is special whether or not it is listed
    specialBang: padToken === '!' || added.includes('!'),
    maxLength: maxLengthOf(config),
  });
}

interface JsonFile {
  readonly file: string;
  readonly json: JsonObject;
}

interface TokenizerFiles {
  readonly vocabulary: Vocabulary;
  readonly config: JsonFile | undefined;
  readonly specialTokens: JsonFile | undefined;
  readonly addedTokens: JsonFile | undefined;
  readonly whole: JsonFile | undefined;
}

async function readFiles(dir: string): Promise<TokenizerFiles> {
  const names = new Set(await readdir(dir).catch(() => []));
  const read = async (name: string) => {
    const file = join(dir, name);
    return names.has(name) ? { file, json: await readModelObject(file) } : undefined;
  };
  const [config, specialTokens, addedTokens, whole] = await Promise.all(
    ['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'tokenizer.json'].map(read),
  );
  const hasPair = names.has('vocab.json') && names.has('merges.txt');
  if (!whole && !hasPair && !names.has('vocab.json')) throw withoutVocabulary(dir, names);
  const vocabulary = whole && !hasPair ? vocabularyOf(whole.json, whole.file) : await readVocabulary(dir);
  // Without them padding would be guessed, and the picture would silently differ.
  if (!whole && !config && !specialTokens) await readModelObject(join(dir, 'tokenizer_config.json'));
  return { vocabulary, config, specialTokens, addedTokens, whole };
}

function withoutVocabulary(dir: string, names: ReadonlySet<string>): EngineError {
  const file = join(dir, 'vocab.json');
  if (names.has('spiece.model') || names.has('tokenizer.model')) {
    const message = `${dir} holds a SentencePiece tokenizer, which CLIP does not use`;
    return new EngineError('model_unsupported', message, {
      remedy: 'use the tokenizer of an SDXL-family checkpoint',
      details: { file },
    });
  }
  const message = `${file} is missing, and so is tokenizer.json, which could take its place`;
  return new EngineError('model_file_missing', message, {
    remedy: 'download the files of this folder',
    details: { file },
  });
}

function tokenNamed({ config, specialTokens, whole }: TokenizerFiles, key: string): string | undefined {
  for (const source of [config, specialTokens]) {
    const token = source && contentOf(source.json[key], source.file, key);
    if (token !== undefined) return token;
  }
  const padding = whole?.json.padding;
  const isPadding = key === 'pad_token' && whole !== undefined && isJsonObject(padding);
  return isPadding ? contentOf(padding.pad_token, whole.file, key) : undefined;
}

/** A token is written as a string or as an object with its `content`. */
function contentOf(value: unknown, file: string, key: string): string | undefined {
  const content = (isJsonObject(value) ? value.content : value) ?? undefined;
  if (content === undefined || typeof content === 'string') return content;
  return rejectFile(file, `has no token as ${key} (got ${JSON.stringify(value)})`);
}

/** All tokens beyond the vocabulary's own, which must have the ids that the vocabulary gives them. */
function addedTokens({ vocabulary, config, addedTokens: list, whole }: TokenizerFiles): string[] {
  const tokens = [
    ...(config ? decoderTokens(config) : []),
    ...Object.entries(list?.json ?? {}).map(([content, id]) => ({ content, id: Number(id), file: list?.file ?? '' })),
    ...(whole ? addedTokensOf(whole.json, whole.file).map((token) => ({ ...token, file: whole.file })) : []),
  ];
  return tokens.map(({ content, id, file }) => {
    if (!Object.hasOwn(vocabulary.ids, content)) throw unsupportedToken(file, content);
    const known = vocabulary.ids[content];
    if (known !== id) rejectFile(file, `gives ${JSON.stringify(content)} the id ${id}, the vocabulary ${known}`);
    return content;
  });
}

/** The tokens of `added_tokens_decoder`: id → token. */
function decoderTokens({ json, file }: JsonFile) {
  const decoder = json.added_tokens_decoder ?? {};
  if (!isJsonObject(decoder)) rejectFile(file, 'has an added_tokens_decoder that is no object');
  return Object.entries(decoder).map(([id, value]) => {
    const content = contentOf(value, file, `added token ${id}`) ?? rejectFile(file, `has no added token ${id}`);
    return { content, id: Number(id), file };
  });
}

/** transformers writes 10^30 when no length is set. */
const NO_LENGTH = 1e30;

function maxLengthOf(config: JsonFile | undefined): number {
  const length = config?.json.model_max_length ?? CLIP_MAX_LENGTH;
  if (config === undefined || length === CLIP_MAX_LENGTH || length === NO_LENGTH) return CLIP_MAX_LENGTH;
  throw new EngineError(
    'model_unsupported',
    `${config.file}: model_max_length is ${JSON.stringify(length)}, CLIP takes ${CLIP_MAX_LENGTH}`,
    { remedy: 'use an SDXL-family checkpoint', details: { file: config.file } },
  );
}

function unsupportedToken(file: string, token: string): EngineError {
  return new EngineError(
    'model_unsupported',
    `${file}: the added token ${JSON.stringify(token)} is not one of CLIP's own`,
    { remedy: "use the checkpoint's original tokenizer", details: { file } },
  );
}
