import { open } from 'node:fs/promises';
import { CliError, systemCode } from '../cli-error.ts';

/** An encoder reads 77 tokens; a file larger than this is some other file. */
const largestPrompt = 100_000;

export interface PromptSource {
  /** The argument on the command line; an explicitly empty one is an empty prompt. */
  readonly argument: string | undefined;
  /** `--prompt-file`; `-` is standard input. */
  readonly file: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
}

/**
 * The prompt from the argument, a file, or (when neither is given) from piped standard input. The line break that ends a file is not
 * part of it.
 *
 * @throws CliError `usage` when there is none or two; `prompt_empty` and `prompt_unreadable` for files.
 */
export async function readPrompt({ argument, file, stdin }: PromptSource): Promise<string> {
  if (argument !== undefined && file !== undefined) {
    throw new CliError('usage', 'there are two prompts: one as an argument and one by --prompt-file; give one');
  }
  if (argument !== undefined) return argument;
  if (file !== undefined && file !== '-') return textOf(await bytesOfFile(file), `the prompt file ${file}`);
  if (file === undefined && stdin.isTTY === true) {
    throw new CliError('usage', 'there is no prompt', { hint: 'easel generate "a red apple on a blue background"' });
  }
  return textOf(await collect(stdin, 'standard input'), 'standard input');
}

async function bytesOfFile(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    return await collect(file.createReadStream({ autoClose: false }), `the prompt file ${path}`);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason = systemCode(error) === 'ENOENT' ? 'it does not exist' : String(error);
    throw new CliError('prompt_unreadable', `the prompt file ${path} cannot be read: ${reason}`, { cause: error });
  }
}

async function collect(stream: AsyncIterable<Uint8Array | string>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > largestPrompt) {
      throw new CliError(
        'prompt_unreadable',
        `${name} is longer than ${largestPrompt} bytes, which is no prompt; the model reads about 75 words`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer, name: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
  } catch (error) {
    throw new CliError('prompt_unreadable', `${name} is not UTF-8 text`, { cause: error });
  }
  if (text.trim() === '') {
    throw new CliError(
      'prompt_empty',
      `${name} is empty; write the prompt into it, or give "" as the argument for an empty prompt`,
    );
  }
  return text.replace(/\r?\n$/, '');
}
