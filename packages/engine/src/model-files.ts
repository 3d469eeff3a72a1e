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
    if (systemCode(cause) !== 'ENOENT') throw unreadable(file, cause);
    throw new EngineError('model_file_missing', `${file} is missing`, {
      details: { file },
      cause,
    });
  }
}

/** The error for an existing file or folder that the operating system refuses to read. */
export function unreadable(file: string, cause: unknown): EngineError {
  const code = systemCode(cause);
  const known = code === undefined ? undefined : reasons[code];
  const [problem, remedy] = known ?? [code ?? String(cause), 'check the permissions and the disk'];
  return new EngineError('model_file_missing', `${file} cannot be read: ${problem}`, {
    remedy,
    details: { file },
    cause,
  });
}

/** Of a failed system call, such as `EACCES`. */
export function systemCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** What is wrong, and what to do about it. */
const reasons: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  EACCES: ['permission denied', 'give this user the right to read it'],
  EPERM: ['permission denied', 'give this user the right to read it'],
  EISDIR: ['it is a folder', 'give the file'],
  ENOTDIR: ['a part of its path is not a folder', 'check the path'],
  ELOOP: ['its links go in a circle', 'download the file again'],
  EIO: ['the disk reports an error', 'copy the file to another disk, or download it again'],
};

/**
 * A JSON file that holds an object.
 *
 * @throws EngineError `model_file_missing` or `model_config_invalid`
 */
export async function readModelObject(file: string): Promise<JsonObject> {
  return parseModelObject(await readModelText(file), file);
}

/**
 * The text of a JSON file that holds an object.
 *
 * @throws EngineError `model_config_invalid`
 */
export function parseModelObject(text: string, file: string): JsonObject {
  const value = parse(text, file);
  return isJsonObject(value) ? value : rejectFile(file, 'must hold a JSON object');
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws EngineError `model_config_invalid`, always */
export function rejectFile(file: string, problem: string, cause?: unknown): never {
  throw new EngineError('model_config_invalid', `${file} ${problem}`, {
    details: { file },
    cause,
  });
}

/** Numbers that Python's json module writes although JSON has none of them, and the strings between them. */
const BARE_NUMBERS = /"(?:\\.|[^"\\])*"|-?\bInfinity\b|\bNaN\b/g;

/** Such numbers mean that there is no limit, which is what an absent value means. */
function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(/Infinity|NaN/.test(text) ? text.replace(BARE_NUMBERS, nullUnlessText) : text);
  } catch (cause) {
    const kind = kindOfBytes(Buffer.from(text.slice(0, 512)));
    if (kind && !/^\s*[[{]/.test(text))
      throw new EngineError(kind.code, `${file} is ${kind.what}`, { remedy: kind.help, details: { file }, cause });
    return rejectFile(file, 'is not valid JSON', cause);
  }
}

function nullUnlessText(found: string): string {
  return found.startsWith('"') ? found : 'null';
}
