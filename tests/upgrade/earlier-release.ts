import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MIGRATIONS = 'packages/server/src/database/migrations';

const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** The last commit before the newest change of the database. @throws Error without git, or where the history is cut off */
export function lastCommitBeforeMigration(): string {
  const [newest = ''] = git('ls-files', MIGRATIONS).split('\n').toReversed();
  const added = git('log', '--diff-filter=A', '--format=%H', '-1', '--', newest);
  if (added === '') throw new Error(`${newest} is not in the history: commit it, or name the commit to come from`);
  return git('rev-parse', `${added}^`);
}

/** Checks a commit out into a folder, with the packages that are installed here. @returns its command line */
export async function checkOut(commit: string, folder: string): Promise<{ program: string; remove(): Promise<void> }> {
  git('worktree', 'add', '--quiet', '--detach', '--force', folder, commit);
  const [modules, own] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(join(own, '@easel'), { recursive: true });
  for (const name of await readdir(modules)) if (name !== '@easel') await symlink(join(modules, name), join(own, name));
  // Relative ones, so they lead to the packages of that commit.
  for (const name of await readdir(join(modules, '@easel')))
    await symlink(await readlink(join(modules, '@easel', name)), join(own, '@easel', name));
  return {
    program: join(folder, 'packages/cli/src/main.ts'),
    async remove() {
      await rm(folder, { recursive: true, force: true });
      git('worktree', 'prune');
    },
  };
}
