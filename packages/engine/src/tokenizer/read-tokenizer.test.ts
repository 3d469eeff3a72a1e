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
  test('has nothing that says how texts are padded: it is not guessed', async () => {
    const dir = await copyOfDemo();
    await rm(join(dir, 'tokenizer_config.json'));
    await rm(join(dir, 'special_tokens_map.json'));
    await expectRefusal(dir, 'model_file_missing', join(dir, 'tokenizer_config.json'));
  });

  test('has a SentencePiece tokenizer, which is said', async () => {
    const dir = await mkdtemp(join(scratch, 'spiece-'));
    await writeFile(join(dir, 'spiece.model'), '');
    await expect(readTokenizer(dir)).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringContaining('SentencePiece'),
    });
  });

  test.each<[string, EngineErrorCode, object, string]>([
    ['of another kind', 'model_unsupported', { model: { type: 'Unigram', vocab: [] } }, '"Unigram"'],
    [
      'of another byte-pair encoding',
      'model_unsupported',
      { model: { type: 'BPE', vocab: {}, merges: [] } },
      'BPE without </w>',
    ],
    ['without a model', 'model_config_invalid', {}, 'no model'],
    ['with a merge of one token', 'model_config_invalid', whole({ merges: [['a']] }), 'merge 1 must be two tokens'],
    ['with a merge that is a number', 'model_config_invalid', whole({ merges: [7] }), 'merge 1'],
    ['with merges that make no token', 'model_config_invalid', whole({ merges: ['a a'] }), 'makes "aa"'],
    [
      'with a token that CLIP does not have',
      'model_unsupported',
      withToken({ content: '<concept>', id: 9 }),
      '<concept>',
    ],
    ['with an added token without id', 'model_config_invalid', withToken({ content: '!' }), 'without content and id'],
  ])('has a tokenizer.json %s', async (_, code, json, says) => {
    const dir = await mkdtemp(join(scratch, 'whole-'));
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(json));
    const file = join(dir, 'tokenizer.json');
    await expectRefusal(dir, code, file);
    await expect(readTokenizer(dir)).rejects.toMatchObject({ message: expect.stringContaining(says) });
  });

  test('has an added_tokens.json with a token that CLIP does not have', async () => {
    const dir = await copyOfDemo();
    await writeFile(join(dir, 'added_tokens.json'), '{"<concept>": 4096}');
    await expect(readTokenizer(dir)).rejects.toMatchObject({ code: 'model_unsupported' });
  });

  test('has a length that only says that there is none', async () => {
    const dir = await copyOfDemo();
    const file = join(dir, 'tokenizer_config.json');
    const text = (await readFile(file, 'utf8')).replace(
      /"model_max_length": \d+/,
      `"model_max_length": 1${'0'.repeat(30)}`,
    );
    await writeFile(file, text);
    expect((await readTokenizer(dir)).limit).toBe(75);
  });

  test.each(['tokenizer_config.json', 'vocab.json', 'merges.txt'])(
    'without %s is refused by its name',
    async (name) => {
      const dir = await copyOfDemo();
      await rm(join(dir, 'special_tokens_map.json'));
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

function whole(model: object) {
  return { model: { type: 'BPE', end_of_word_suffix: '</w>', vocab: { a: 0 }, merges: [], ...model } };
}

function withToken(token: object) {
  const markers = { '<|startoftext|>': 1, '<|endoftext|>': 2 };
  return { ...whole({ vocab: { '!': 0, ...markers } }), added_tokens: [token] };
}

async function copyOfDemo(): Promise<string> {
  const dir = await mkdtemp(join(scratch, 'copy-'));
  await cp(join(demo, 'tokenizer_2'), dir, { recursive: true });
  return dir;
}

async function expectRefusal(dir: string, code: EngineErrorCode, file: string): Promise<void> {
  const refusal = await readTokenizer(dir).catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(EngineError);
  expect(refusal).toMatchObject({ code, details: { file }, message: expect.stringContaining(file) });
}
