import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const sources = globSync('packages/*/src/**/*.ts', { cwd: repository, exclude: ['**/*.test.ts'] }).filter((file) =>
  /\bimport\(/.test(readFileSync(join(repository, file), 'utf8')),
);

/** With the settings of its package, without types. */
function compiled(file: string): string {
  const [, folder = ''] = /^(packages\/[^/]+)\//.exec(file) ?? [];
  const path = join(repository, folder, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path));
  return ts.transpileModule(readFileSync(join(repository, file), 'utf8'), {
    compilerOptions: options,
    fileName: join(repository, file),
  }).outputText;
}

// TypeScript leaves the extension as it is where it rewrites the function around the import, as for `using` of an older target.
test('what is loaded when it is needed is found among the compiled files too', () => {
  expect(sources.length).toBeGreaterThan(0);
  const left = sources.filter((file) => /\bimport\(\s*['"`][^'"`]*\.ts['"`]\s*\)/.test(compiled(file)));
  expect(left).toEqual([]);
});
