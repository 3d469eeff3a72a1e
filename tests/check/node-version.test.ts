import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(repository, file), 'utf8');

it('asks for the same Node.js in every package, the installer, the documents and the Node.js that npm brings', () => {
  const { engines, optionalDependencies }: Record<string, Record<string, string>> = JSON.parse(read('package.json'));
  const [, least = ''] = /^>=(\d+)$/.exec(engines?.node ?? '') ?? [];
  expect(least).not.toBe('');
  const manifests = globSync('packages/*/package.json', { cwd: repository });
  expect(manifests.length).toBeGreaterThan(5);
  expect(manifests.filter((file) => JSON.parse(read(file)).engines.node !== `>=${least}`)).toEqual([]);
  expect(read('tools/ensure-installed')).toMatch(new RegExp(`^least=${least} `, 'm'));
  for (const file of ['README.md', 'docs/CONTRIBUTING.md']) expect(read(file)).toContain(`Node.js ${least} or newer`);
  for (const [name, version] of Object.entries(optionalDependencies ?? {}))
    expect(version, name).toMatch(new RegExp(`^${least}\\.`));
});
