// Builds what is published, from nothing, so that no file of an earlier state is among it: each package's `dist`, the web page in
// packages/server/public/page, and in each package the licence.
//
//   npm run build
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildPage } from '../packages/cli/src/web-page.ts';

const root = resolve(import.meta.dirname, '..');

/** The folders of the packages that are published, `packages/engine`. */
export function publishedPackages(): string[] {
  return globSync('packages/*/package.json', { cwd: root })
    .filter((file) => JSON.parse(readFileSync(join(root, file), 'utf8')).private !== true)
    .map((file) => file.replace(/\/package\.json$/, ''))
    .sort();
}

if (import.meta.main) {
  const folders = publishedPackages();
  for (const folder of folders) {
    rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
    rmSync(join(root, folder, 'tsconfig.tsbuildinfo'), { force: true });
  }
  const compiler = join(root, 'node_modules/typescript-native/bin/tsc');
  execFileSync(process.execPath, [compiler, '-b', '--singleThreaded', ...folders], { cwd: root, stdio: 'inherit' });
  await buildPage(join(root, 'packages/web'), join(root, 'packages/server/public/page'), AbortSignal.timeout(600_000));
  for (const folder of folders)
    for (const file of ['LICENSE', 'NOTICE']) copyFileSync(join(root, file), join(root, folder, file));
  console.log(`built ${folders.length} packages and the page`);
}
