import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixturePath } from '../../test/fixtures.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { builtInTokenizers } from './clip-tokenizer.ts';
import { readTokenizer } from './read-tokenizer.ts';

// the embedded model: a vocabulary of 4096 tokens of its own
const demo = fileURLToPath(new URL('../../../demo-model/model/', import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterAll(() => rm(scratch, { recursive: true }));

test('the folders of a Playground v2.5 checkpoint give the built-in tokenizers', async () => {
  const folders = await Promise.all(
    ['tokenizer', 'tokenizer_2'].map((name) => readTokenizer(fixturePath(`model/${name}`))),
  );
  const builtIn = await builtInTokenizers();
  for (const text of ['', 'wow! A "caffè"…', '! '.repeat(80)]) {
    folders.forEach((tokenizer, i) => {
      expect(tokenizer.encode(text)).toEqual(builtIn[i].encode(text));
    });
  }
});

describe('the embedded model', () => {
  test('its own markers and padding are used', async () => {
    const first = await readTokenizer(join(demo, 'tokenizer'));
    const second = await readTokenizer(join(demo, 'tokenizer_2'));
    expect([first.eosId, second.eosId]).toEqual([4095, 4095]);
    expect([...first.encode('').ids]).toEqual([4094, ...new Array<number>(76).fill(4095)]);
    expect([...second.encode('!').ids]).toEqual([4094, 0, 4095, ...new Array<number>(74).fill(0)]);
  });

  test('what is cut off, encoded again, has the ids that were cut off', async () => {
    const tokenizer = await readTokenizer(join(demo, 'tokenizer_2'));
    const tail = 'a small red circle on a dark background, zürich 2024!';
    const { truncated, count } = tokenizer.encode(`${'! '.repeat(tokenizer.limit)}${tail}`);
    expect(count).toBeGreaterThan(tokenizer.limit);
    expect(tokenizer.encode(truncated)).toEqual(tokenizer.encode(tail));
  });
});

describe('a folder that is not as it should be', () => {
  test('is replaced by the fallback only when it is not there at all', async () => {
    const [fallback] = await builtInTokenizers();
    expect(await readTokenizer(join(scratch, 'absent'), () => Promise.resolve(fallback))).toBe(fallback);
    await expectRefusal(scratch, 'model_file_missing', join(scratch, 'tokenizer_config.json'), () =>
      readTokenizer(scratch, () => Promise.resolve(fallback)),
    );
  });

  test.each(['tokenizer_config.json', 'vocab.json', 'merges.txt'])(
    'without %s is refused by its name',
    async (name) => {
      const dir = await copyOfDemo();
      await rm(join(dir, name));
      await expectRefusal(dir, 'model_file_missing', join(dir, name));
    },
  );

  test('needs no special_tokens_map.json when the configuration names the tokens, and is helped by it otherwise', async () => {
    const dir = await copyOfDemo();
    const expected = await readTokenizer(join(demo, 'tokenizer_2'));
    await rm(join(dir, 'special_tokens_map.json'));
    expect((await readTokenizer(dir)).encode('a!')).toEqual(expected.encode('a!'));
    await writeFile(join(dir, 'tokenizer_config.json'), '{}');
    await writeFile(join(dir, 'special_tokens_map.json'), '{"pad_token": {"content": "!"}}');
    expect((await readTokenizer(dir)).encode('a!!')).toEqual(expected.encode('a!!'));
  });

  test.each<[string, EngineErrorCode, Record<string, unknown>]>([
    ['another length', 'model_unsupported', { model_max_length: 248 }],
    ['a token CLIP does not have', 'model_unsupported', { added_tokens_decoder: { 4096: { content: '<concept>' } } }],
    ['another token for padding', 'model_unsupported', { pad_token: 'a</w>' }],
    ['a token with another id', 'model_config_invalid', { added_tokens_decoder: { 7: { content: '!' } } }],
    ['a start marker that is no token', 'model_config_invalid', { bos_token: 4094 }],
    ['added tokens that are no object', 'model_config_invalid', { added_tokens_decoder: [] }],
    ['an added token without content', 'model_config_invalid', { added_tokens_decoder: { 0: {} } }],
  ])('with %s is refused with the file’s name', async (_, code, changes) => {
    const dir = await copyOfDemo();
    const file = join(dir, 'tokenizer_config.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...changes }));
    await expectRefusal(dir, code, file);
  });

  test.each(['[]', 'null', '{"pad_token":'])('with %s as its configuration is refused', async (json) => {
    const dir = await copyOfDemo();
    const file = join(dir, 'tokenizer_config.json');
    await writeFile(file, json);
    await expectRefusal(dir, 'model_config_invalid', file);
  });
});

async function copyOfDemo(): Promise<string> {
  const dir = await mkdtemp(join(scratch, 'copy-'));
  await cp(join(demo, 'tokenizer_2'), dir, { recursive: true });
  return dir;
}

async function expectRefusal(
  dir: string,
  code: EngineErrorCode,
  file: string,
  read: () => Promise<unknown> = () => readTokenizer(dir),
): Promise<void> {
  const refusal = await read().catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(EngineError);
  expect(refusal).toMatchObject({ code, details: { file }, message: expect.stringContaining(file) });
}
