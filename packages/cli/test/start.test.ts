import { execFile } from 'node:child_process';
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

test.each(['--version', '--help', 'generate --help', 'help keys create', 'doctor --help', 'nothing'])(
  'easel %s loads neither engine nor client nor server',
  async (line) => {
    const hook = `data:text/javascript,${encodeURIComponent(listed)}`;
    const args = ['--import', hook, '--conditions=@easel/source', main, ...line.split(' ')];
    const { stderr } = await promisify(execFile)(process.execPath, args).catch((error: { stderr: string }) => error);
    const loaded = stderr.split('\n').filter((text) => text.startsWith('file:'));
    expect(loaded.length).toBeGreaterThan(50);
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  },
);
