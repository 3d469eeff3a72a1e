import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JsonObject, readModelObject, readModelText, rejectFile } from '../model-files.ts';

/** A plain object, because that is what the file and the library have: 49408 entries are worth not copying. */
export type TokenIds = Readonly<Record<string, number>>;

/** What byte-pair encoding knows: the tokens, and which neighbours merge, most frequent first. */
export interface Vocabulary {
  /** The file the tokens came from, for errors. */
  readonly file: string;
  readonly ids: TokenIds;
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/**
 * Reads `vocab.json` (token → id) and `merges.txt` (one pair a line, the first line a comment) from a tokenizer's folder.
 *
 * @throws EngineError `model_file_missing`, or `model_config_invalid` with the file and the line
 */
export async function readVocabulary(dir: string): Promise<Vocabulary> {
  const file = join(dir, 'vocab.json');
  const ids = await readIds(file);
  const merges = await readMerges(join(dir, 'merges.txt'), ids);
  return { file, ids, merges };
}

/** OpenAI's CLIP vocabulary of 49408 tokens, which comes with this package: single-file checkpoints hold none. */
export function builtInVocabulary(): Promise<Vocabulary> {
  // two folders up is the package's root from src/tokenizer and from dist/tokenizer
  return readVocabulary(fileURLToPath(new URL('../../vocabulary', import.meta.url)));
}

async function readIds(file: string): Promise<TokenIds> {
  const ids = await readModelObject(file);
  if (isTokenIds(ids)) return ids;
  return rejectFile(file, 'must give every token a whole number as its id');
}

function isTokenIds(ids: JsonObject): ids is TokenIds {
  return Object.values(ids).every((id) => typeof id === 'number' && Number.isSafeInteger(id) && id >= 0);
}

async function readMerges(file: string, ids: TokenIds): Promise<[string, string][]> {
  const lines = (await readModelText(file)).trimEnd().split(/\r?\n/);
  return lines.slice(1).map((line, i) => {
    const [left, right, ...rest] = line.split(' ');
    if (!left || !right || rest.length > 0) {
      rejectFile(file, `line ${i + 2} must be two tokens (got ${JSON.stringify(line)})`);
    }
    if (!Object.hasOwn(ids, left + right)) {
      rejectFile(file, `line ${i + 2} makes ${JSON.stringify(left + right)}, which vocab.json lacks`);
    }
    return [left, right];
  });
}

/** @throws EngineError `model_config_invalid` naming the vocabulary's file */
export function tokenId({ ids, file }: Vocabulary, token: string): number {
  return Object.hasOwn(ids, token) ? ids[token] : rejectFile(file, `lacks the token ${JSON.stringify(token)}`);
}
