import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answerTo, statusOfError } from '@easel/contract';
import { catalogue, isCode } from '@easel/errors';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { exitStatusOf } from '../../packages/cli/src/exit-status.ts';
import { errorReference } from '../../tools/error-reference.ts';
import { dateChangelog, withImageOf, withOwnVersion } from '../../tools/release-version.ts';

const repository = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(repository, file), 'utf8');
const workflows = globSync('.github/**/*.yml', { cwd: repository });

test('a release dates what was unreleased and begins anew', () => {
  const text = '# Changelog\n\n## Unreleased\n\n### Added\n\n* This.\n';
  expect(dateChangelog(text, '0.3.0', '2027-01-31')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.3.0 (2027-01-31)\n\n### Added\n\n* This.\n',
  );
  expect(() => dateChangelog('# Changelog\n', '0.3.0', '2027-01-31')).toThrow('Unreleased');
  expect(() => dateChangelog(read('CHANGELOG.md'), '9.9.9', '2027-01-31')).not.toThrow();
});

test("a release raises the examples' versions of our packages, not those of others", () => {
  expect(withOwnVersion('{ "@easel/engine": "0.2.0", "express": "5.3.0" }', '0.3.0')).toBe(
    '{ "@easel/engine": "0.3.0", "express": "5.3.0" }',
  );
});

test('a release raises the image of the Kubernetes manifests', () => {
  const raised = withImageOf(read('deploy/kubernetes/kustomization.yaml'), '9.9.9');
  expect(parse(raised).images).toMatchObject([{ name: 'easel', newTag: '9.9.9' }]);
});

test('all packages have one version and depend on exactly that of each other', () => {
  const manifests = globSync('packages/*/package.json', { cwd: repository }).map((file) => JSON.parse(read(file)));
  const versions = manifests.flatMap(({ version, dependencies = {} }) => [
    version,
    ...Object.entries(dependencies).flatMap(([name, range]) => (name.startsWith('@easel/') ? [range] : [])),
  ]);
  expect(manifests.length).toBeGreaterThan(5);
  expect(new Set(versions).size).toBe(1);
  for (const manifest of manifests)
    if (manifest.private !== true)
      expect(manifest, manifest.name).toMatchObject({
        license: expect.stringMatching(/\S/),
        publishConfig: { access: 'public' },
      });
});

test('the workflows are read as YAML and run scripts that there are', () => {
  expect(workflows.length).toBeGreaterThan(3);
  const { scripts } = JSON.parse(read('package.json'));
  for (const file of workflows) {
    const text = read(file);
    expect(parse(text), file).toBeTypeOf('object');
    for (const [, script = ''] of text.matchAll(/npm run ([\w:-]+)/g)) expect(scripts, file).toHaveProperty([script]);
  }
  expect(read('.github/workflows/ci.yml')).toContain('run: .ci/run');
});

test('the contributors are told of every script', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const told = read('docs/CONTRIBUTING.md');
  const untold = Object.keys(scripts).filter(
    (name) => !told.includes(name === 'test' ? '`npm test`' : `npm run ${name}`),
  );
  expect(untold).toEqual([]);
});

test('the list of errors is that of the catalogue', () => {
  expect(read('docs/errors.md')).toBe(errorReference());
});

test.each(Object.keys(catalogue).filter(isCode))(
  'the list of errors has %s with its meaning, HTTP status, exit status and remedy',
  (code) => {
    const row = read('docs/errors.md')
      .split('\n')
      .filter((line) => line.startsWith(`| \`${code}\` |`));
    expect(row).toHaveLength(1);
    const cells = row[0]?.split(' | ') ?? [];
    const { summary, remedy } = catalogue[code];
    expect(cells[1]).toBe(summary);
    expect(cells[2]).toMatch(new RegExp(`^${statusOfError(answerTo(code).code)}\\b`));
    expect(cells[4]).toBe(String(exitStatusOf[code]));
    expect(cells[5]?.toLowerCase()).toContain(remedy.toLowerCase());
  },
);
