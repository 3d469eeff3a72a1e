import { open } from 'node:fs/promises';
import { promptLines } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { unreadableFile } from '../unreadable-file.ts';

/** An encoder reads 77 tokens; a larger file is not a prompt. */
const MAX_PROMPT_BYTES = 100_000;
/** A file with thousands of prompts. */
const MAX_PROMPT_LIST_BYTES = 4_000_000;

export interface PromptSource {
  /** The argument on the command line; "" is an empty prompt. */
  readonly argument: string | undefined;
  /** `--prompt-file`; `-` is standard input. */
  readonly file: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
}

/**
 * Reads the prompt from the argument, a file, or (when neither is given) piped standard input. The line break that ends a file is not
 * part of it.
 *
 * @throws CodedError `usage` when there is none or two; `prompt_empty` and `prompt_unreadable` for files.
 */
export async function readPrompt({ argument, file, stdin }: PromptSource): Promise<string> {
  if (argument !== undefined && file !== undefined) {
    throw new CodedError('usage', 'the prompt is given twice, as an argument and with --prompt-file', {
      remedy: 'give only one',
    });
  }
  if (argument !== undefined) return checkCharacters(argument, 'the prompt');
  const { text } = await readText(file, stdin, MAX_PROMPT_BYTES);
  return text.replace(/\r?\n$/, '');
}

/**
 * Reads the prompts of `--each-line`: one per line, without blank lines.
 *
 * @throws CodedError `usage` when a prompt is given as an argument too; `prompt_empty` and `prompt_unreadable` for files.
 */
export async function readPromptLines({ argument, file, stdin }: PromptSource): Promise<[string, ...string[]]> {
  if (argument !== undefined) {
    throw new CodedError(
      'usage',
      '--each-line reads prompts from --prompt-file or standard input, but there is a prompt argument',
      { remedy: 'leave out the argument' },
    );
  }
  const { text, name } = await readText(file, stdin, MAX_PROMPT_LIST_BYTES);
  const [first, ...others] = promptLines(text);
  if (first === undefined) throw new CodedError('prompt_empty', `${name} does not contain a prompt`); // not reached: readText refuses it
  return [first, ...others];
}

async function readText(
  file: string | undefined,
  stdin: PromptSource['stdin'],
  largest: number,
): Promise<{ readonly text: string; readonly name: string }> {
  if (file !== undefined && file !== '-') {
    const name = `the prompt file ${file}`;
    return { text: decodeText(await readFileBytes(file, largest), name), name };
  }
  if (file === undefined && stdin.isTTY === true) {
    throw new CodedError('usage', 'no prompt given', { remedy: 'easel generate "a red apple on a blue background"' });
  }
  return {
    text: decodeText(await collect(stdin, 'standard input', largest), 'standard input'),
    name: 'standard input',
  };
}

async function readFileBytes(path: string, largest: number): Promise<Buffer> {
  try {
    await using file = await open(path);
    return await collect(file.createReadStream({ autoClose: false }), `the prompt file ${path}`, largest);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw unreadableFile('prompt_unreadable', `the prompt file ${path}`, error);
  }
}

async function collect(stream: AsyncIterable<Uint8Array | string>, name: string, largest: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > largest) {
      throw new CodedError('prompt_unreadable', `${name} exceeds the limit of ${largest} bytes`, {
        remedy: 'shorten it: the model reads 75 tokens, about 50 words, of a prompt',
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** All text from files comes through here: UTF-8, without bytes that show it to be something else. */
function decodeText(bytes: Buffer, name: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
  } catch (error) {
    throw new CodedError('prompt_unreadable', `${name} is not UTF-8 text`, {
      remedy: 'save it as UTF-8',
      cause: error,
    });
  }
  checkCharacters(text, name);
  if (text.trim() === '') {
    throw new CodedError('prompt_empty', `${name} is empty`, {
      remedy: 'add a prompt, or give "" as the argument for an empty prompt',
    });
  }
  return text;
}

/** UTF-16 without a byte order mark is valid UTF-8, with a zero after every letter. The server refuses U+0000 too. */
function checkCharacters(text: string, name: string): string {
  if (!text.includes('\0')) return text;
  throw new CodedError('prompt_unreadable', `${name} contains the character U+0000`, {
    remedy: 'if it is UTF-16 or a binary file, save it as UTF-8 text',
  });
}
