// Makes the rest of the repository agree with the version that `changeset version` has written into the packages: the lockfile, the
// examples, the image that Kubernetes is told of, and the changelog, whose unreleased part gets version and date.
//
//   npm run release:version
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** @param day as in 2027-01-31. @throws Error when the changelog has no unreleased part */
export function dateChangelog(text: string, version: string, day: string): string {
  if (!/^## Unreleased$/m.test(text)) throw new Error('CHANGELOG.md has no part "## Unreleased"');
  return text.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} (${day})`);
}

/** A package.json whose dependencies on Easel's own packages are of this version. */
export function withOwnVersion(manifest: string, version: string): string {
  return manifest.replaceAll(/("@easel\/[a-z-]+": )"[^"]+"/g, `$1"${version}"`);
}

/** A kustomization whose image is that of this version. */
export function withImageOf(kustomization: string, version: string): string {
  return kustomization.replace(/(newTag: ).+/, `$1${version}`);
}

if (import.meta.main) {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  const rewrite = (file: string, change: (text: string) => string) =>
    writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')));
  for (const file of globSync('examples/*/package.json', { cwd: root }))
    rewrite(file, (text) => withOwnVersion(text, version));
  rewrite('deploy/kubernetes/kustomization.yaml', (text) => withImageOf(text, version));
  rewrite('CHANGELOG.md', (text) => dateChangelog(text, version, new Date().toISOString().slice(0, 10)));
  execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
  execFileSync(process.execPath, ['tools/complete-lockfile.mjs'], { cwd: root, stdio: 'inherit' });
}
