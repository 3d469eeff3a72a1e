import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { installedDependencies, licenceFault } from '../../tools/check-dependencies.ts';

test('every package that users install has a licence that needs no decision, or has one', () => {
  const { packages } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package-lock.json'), 'utf8'));
  const dependencies = installedDependencies(packages);
  expect(dependencies.length).toBeGreaterThan(100);
  expect(dependencies.flatMap((dependency) => licenceFault(dependency) ?? [])).toEqual([]);
});

test('a copyleft licence, an unknown one and none need a decision; one of two to choose from is enough', () => {
  const faults = [
    'GPL-3.0-only',
    'SEE LICENSE IN x',
    '',
    'MIT AND GPL-2.0',
    'LGPL-3.0-or-later',
    '(MIT OR GPL-2.0)',
    'MIT',
  ].map((licence) => licenceFault({ name: 'any', licence }) !== undefined);
  expect(faults).toEqual([true, true, true, true, true, false, false]);
  expect(licenceFault({ name: '@img/sharp-libvips-linux-x64', licence: 'LGPL-3.0-or-later' })).toBeUndefined();
});

test('development tools and the packages of the repository itself are not among them', () => {
  const packages = {
    'packages/cli': { license: 'Apache-2.0' },
    'node_modules/@easel/cli': { link: true },
    'node_modules/vitest': { license: 'MIT', dev: true },
    'node_modules/a/node_modules/kysely': { license: 'MIT' },
    'node_modules/kysely': { license: 'MIT' },
  };
  expect(installedDependencies(packages)).toEqual([{ name: 'kysely', licence: 'MIT' }]);
});
