import { readFile } from 'node:fs/promises';
import { EngineError } from './errors.ts';
import { kindOfBytes } from './file-kinds.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The text of a file of a model, UTF-8.
 *
 * @throws EngineError `model_file_missing`
 */
export async function readModelText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const problem =
      code === 'ENOENT' ? 'is missing; download this file too' : `cannot be read (${code}); check the permissions`;
    throw new EngineError('model_file_missing', `${file} ${problem}`, { details: { file }, cause });
  }
}

/**
 * A JSON file that holds an object.
 *
 * @throws EngineError `model_file_missing` or `model_config_invalid`
 */
export async function readModelObject(file: string): Promise<JsonObject> {
  const value = parse(await readModelText(file), file);
  return isJsonObject(value) ? value : rejectFile(file, 'must hold a JSON object');
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws EngineError `model_config_invalid`, always */
export function rejectFile(file: string, problem: string, cause?: unknown): never {
  throw new EngineError('model_config_invalid', `${file} ${problem}; use the file as it was published with the model`, {
    details: { file },
    cause,
  });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const kind = kindOfBytes(Buffer.from(text.slice(0, 512)));
    if (kind && !/^\s*[[{]/.test(text))
      throw new EngineError(kind.code, `${file} is ${kind.what}; ${kind.help}`, { details: { file }, cause });
    return rejectFile(file, 'is not valid JSON', cause);
  }
}
