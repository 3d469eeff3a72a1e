import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { builtInVocabulary, readVocabulary } from './vocabulary.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vocabulary-'));
});
afterAll(() => rm(scratch, { recursive: true }));

test('the built-in vocabulary is CLIP’s: 49408 tokens with ids 0 … 49407 and 48894 merges', async () => {
  const { ids, merges } = await builtInVocabulary();
  expect(new Set(Object.values(ids)).size).toBe(49408);
  expect(Math.max(...Object.values(ids))).toBe(49407);
  expect(merges).toHaveLength(48894);
  expect(merges[0]).toEqual(['i', 'n']);
  expect([ids['!'], ids['<|startoftext|>'], ids['<|endoftext|>']]).toEqual([0, 49406, 49407]);
});

test('the first line of merges.txt is a comment; line ends may be those of Windows', async () => {
  const dir = await folder('{"a": 0, "b": 1, "ab": 2, "aba": 3}', '#version: 0.2\r\na b\r\nab a\r\n');
  expect((await readVocabulary(dir)).merges).toEqual([
    ['a', 'b'],
    ['ab', 'a'],
  ]);
});

test('equal files are read once while they are in use, and each tells of its own folder', async () => {
  const files = ['{"a": 0, "b": 1, "ab": 2}', '#version: 0.2\na b\n'] as const;
  const [one, other] = [await folder(...files), await folder(...files)];
  const [first, second] = [await readVocabulary(one), await readVocabulary(other)];
  expect(second.ids).toBe(first.ids);
  expect(second.merges).toBe(first.merges);
  expect([first.file, second.file]).toEqual([join(one, 'vocab.json'), join(other, 'vocab.json')]);
  const third = await readVocabulary(await folder(files[0], '#version: 0.2\n'));
  expect(third.merges).toEqual([]);
});

test.each([
  ['vocab.json', '{"a": "0"}', '#version', 'whole number'],
  ['vocab.json', '{"a": -1}', '#version', 'whole number'],
  ['vocab.json', '["a"]', '#version', 'JSON object'],
  ['vocab.json', '{"a": 0', '#version', 'valid JSON'],
  ['merges.txt', '{"a": 0, "aa": 1}', '#version\na a\na\n', 'line 3 must be two tokens (got "a")'],
  ['merges.txt', '{"a": 0, "aa": 1}', '#version\na a a\n', 'line 2 must be two tokens'],
  ['merges.txt', '{"a": 0}', '#version\na a\n', 'line 2 makes "aa", which the vocabulary lacks'],
])('a wrong %s is refused: %s, %j', async (name, vocab, merges, problem) => {
  const dir = await folder(vocab, merges);
  const refusal = await readVocabulary(dir).catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(EngineError);
  const file = join(dir, name);
  expect(refusal).toMatchObject({ code: 'model_config_invalid', details: { file } });
  expect(refusal).toMatchObject({ message: expect.stringContaining(problem) });
});

test('a missing file is refused by its name', async () => {
  const file = join(scratch, 'absent', 'vocab.json');
  const refusal = await readVocabulary(join(scratch, 'absent')).catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ code: 'model_file_missing', details: { file } });
});

async function folder(vocab: string, merges: string): Promise<string> {
  const dir = await mkdtemp(join(scratch, 'model-'));
  await writeFile(join(dir, 'vocab.json'), vocab);
  await writeFile(join(dir, 'merges.txt'), merges);
  return dir;
}
