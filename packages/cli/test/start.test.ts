import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Tells on standard error what was imported. */
const listed = `
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      process.stderr.write(url + '\\n');
      return next(url, context);
    },
  });
`;

/** What only the work of a command needs. */
const heavy =
  /\/packages\/(?:engine|models|parameters|client|server|demo-model)\/|\/node_modules\/(?:onnxruntime|sharp|yaml)/;

/** The modules of Easel and its libraries that a command imports. */
async function importsOf(...args: string[]): Promise<string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(listed)}`;
  const command = ['--import', hook, '--conditions=@easel/source', main, ...args];
  const { stderr } = await promisify(execFile)(process.execPath, command).catch((error: { stderr: string }) => error);
  return stderr.split('\n').filter((text) => text.startsWith('file:'));
}

test.each(['--version', '--help', 'generate --help', 'help keys create', 'doctor --help', 'nothing'])(
  'easel %s loads neither engine nor client nor server',
  async (line) => {
    const loaded = await importsOf(...line.split(' '));
    expect(loaded.length).toBeGreaterThan(50);
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  },
);

test('easel generate loads nothing that only the process of the engine, a download or a server needs', async () => {
  const loaded = await importsOf('generate', 'a fox', '--model', join(tmpdir(), 'nothing'));
  expect(loaded.filter((url) => /\/packages\/engine\/src\/index\.ts/.test(url))).toHaveLength(1);
  const others =
    /\/engine\/src\/(?:onnx|components|checkpoints|tokenizer)\/|\/packages\/(?:server|embedded-postgres)\/|\/node_modules\/(?:onnxruntime|@bufbuild|@huggingface|yaml)/;
  expect(loaded.filter((url) => others.test(url))).toEqual([]);
});
