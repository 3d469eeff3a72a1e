import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { newcomersEnvironment } from './command.ts';

const repository = resolve(import.meta.dirname, '../..');

/** A temporary folder, with a space in its name as a path may have. */
export function scratchFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'easel launcher ')));
}

/** What `git clone` would give after a commit of the working tree: its files (or those below `paths`) but not what git ignores. */
export function freshClone(parent: string, name: string, paths: readonly string[] = ['.']): string {
  const clone = join(parent, name);
  const listing = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths],
    {
      cwd: repository,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  for (const file of listing.split('\0')) {
    if (file === '' || !existsSync(join(repository, file))) continue;
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    copyFileSync(join(repository, file), join(clone, file));
  }
  return clone;
}

/** Gives a clone the libraries and tools of this checkout by links; its packages know each other, not those of this checkout. It has a cache of its own. */
export function linkDependencies(clone: string): void {
  const own = join(clone, 'node_modules', '@easel');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(join(repository, 'node_modules')))
    if (name !== '@easel' && name !== '.cache')
      symlinkSync(join(repository, 'node_modules', name), join(clone, 'node_modules', name));
  for (const name of readdirSync(join(clone, 'packages'))) symlinkSync(join('../../packages', name), join(own, name));
  for (const folder of globSync('packages/*/node_modules', { cwd: repository }))
    symlinkSync(join(repository, folder), join(clone, folder));
}

/** A copy of an installed clone; where `cp` can, by hard links, so replace files in it, never write into them. */
export function copyOf(clone: string, copy: string): string {
  const flags = process.platform === 'linux' ? '-al' : '-a';
  execFileSync('cp', [flags, clone, copy]);
  return copy;
}

/** Why nothing can be installed here, or nothing when the registry answers. */
export function whyNoInstall(): string | undefined {
  try {
    execFileSync(
      'npm',
      ['view', 'semver', 'version', '--prefer-online', '--fetch-retries=0', '--fetch-timeout=20000'],
      {
        cwd: tmpdir(),
        env: newcomersEnvironment(),
        encoding: 'utf8',
        stdio: 'pipe',
      },
    );
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').find((line) => line.includes('code')) : undefined;
    return `the npm registry cannot be reached (${reason ?? String(error)})`;
  }
}

/** The files that decide whether and how to install. */
export const installerFiles = [
  'easel',
  'package.json',
  'package-lock.json',
  'tools/ensure-installed',
  'tools/compare-installed.mjs',
];
