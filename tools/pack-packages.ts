// Packs everything that is published, as it was built before, into a folder (.cache/packages by default):
//
//   npm run pack [-- FOLDER]
//   npm install --ignore-scripts FOLDER/*.tgz     in an empty folder, to try it
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { publishedPackages } from './build-packages.ts';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(root, '.cache/packages'));

mkdirSync(folder, { recursive: true });
for (const old of globSync('easel-*.tgz', { cwd: folder })) rmSync(join(folder, old));
const packages = publishedPackages().map((name) => `./${name}`);
execFileSync('npm', ['pack', '--pack-destination', folder, '--loglevel=error', ...packages], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
for (const file of globSync('easel-*.tgz', { cwd: folder }).sort()) {
  const kilobytes = Math.ceil(statSync(join(folder, file)).size / 1000);
  console.log(`${String(kilobytes).padStart(7)} kB  ${join(folder, file)}`);
}
