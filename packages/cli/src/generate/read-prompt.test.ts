import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrompt } from './read-prompt.ts';

let folder = '';
const nothing = Readable.from([]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'easel-prompt-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Uint8Array): string {
  const path = join(folder, `${Math.random()}.txt`);
  writeFileSync(path, content);
  return path;
}

const fromFile = (content: string | Uint8Array) =>
  readPrompt({ argument: undefined, file: fileOf(content), stdin: nothing });

describe('the prompt', () => {
  it('is the argument, also when that is empty', async () => {
    expect(await readPrompt({ argument: 'a fox', file: undefined, stdin: nothing })).toBe('a fox');
    expect(await readPrompt({ argument: '', file: undefined, stdin: nothing })).toBe('');
  });

  it('is the text of a file without the line break at its end', async () => {
    expect(await fromFile('a fox\n')).toBe('a fox');
    expect(await fromFile('\uFEFFa fox\r\n')).toBe('a fox');
    expect(await fromFile(' a fox\nin the snow \n\n')).toBe(' a fox\nin the snow \n');
  });

  it('is what is piped in, when nothing else is given or the file is -', async () => {
    for (const file of [undefined, '-']) {
      const stdin = Readable.from([Buffer.from('ein F'), Buffer.from('uchs 🦊\n')]);
      expect(await readPrompt({ argument: undefined, file, stdin })).toBe('ein Fuchs 🦊');
    }
  });

  it('is not waited for at a terminal', async () => {
    const terminal = Object.assign(Readable.from([]), { isTTY: true });
    await expect(readPrompt({ argument: undefined, file: undefined, stdin: terminal })).rejects.toThrow(
      'no prompt given',
    );
  });

  it('is refused when a file or standard input is empty or only white space', async () => {
    for (const content of ['', '\n', ' \t\r\n'])
      await expect(fromFile(content)).rejects.toMatchObject({ code: 'prompt_empty' });
    await expect(readPrompt({ argument: undefined, file: undefined, stdin: nothing })).rejects.toThrow(
      'standard input is empty',
    );
  });

  it('is refused when a file is missing, a folder, not text, or far too long', async () => {
    const missing = join(folder, 'none.txt');
    await expect(readPrompt({ argument: undefined, file: missing, stdin: nothing })).rejects.toThrow(
      'it does not exist',
    );
    await expect(readPrompt({ argument: undefined, file: folder, stdin: nothing })).rejects.toThrow(
      'cannot be read: it is a folder',
    );
    await expect(fromFile(new Uint8Array([0xff, 0xfe, 0x61]))).rejects.toThrow('is not UTF-8 text');
    await expect(fromFile(new Uint8Array([0x61, 0, 0x20, 0]))).rejects.toMatchObject({
      message: expect.stringContaining('U+0000'),
      remedy: expect.stringContaining('if it is UTF-16'),
    });
    await expect(fromFile('x'.repeat(100_001))).rejects.toThrow('exceeds the limit of 100000 bytes');
  });

  it('is refused when it is given twice', async () => {
    await expect(readPrompt({ argument: 'a', file: 'b', stdin: nothing })).rejects.toThrow('given twice');
  });
});
