import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyOf, freshClone, scratchFolder, whyNoInstall } from './clone.ts';
import { newcomersEnvironment, run, start, until, withCommands } from './command.ts';

const version = /^\d+\.\d+\.\d+\S*\n$/;
const installing = /^easel: (first start|package-lock\.json has changed)/gm;

describe('the launcher on a fresh clone', { timeout: 600_000 }, () => {
  const unreachable = whyNoInstall();
  let folder = '';
  let installed = '';
  let first: Awaited<ReturnType<typeof startThreeAtOnce>> | undefined;

  beforeAll(async () => {
    folder = scratchFolder();
    if (unreachable !== undefined) return;
    installed = freshClone(folder, 'my easel');
    first = await startThreeAtOnce(installed);
  }, 600_000);
  beforeEach((test) => {
    if (unreachable !== undefined) test.skip(unreachable);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('installs once and runs, when two starts and a test run come first and at the same time', () => {
    for (const outcome of first?.starts ?? []) {
      expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version) });
    }
    const everything = [...(first?.starts ?? []), first?.tests].map((outcome) => outcome?.stderr).join('');
    expect(everything.match(installing)).toEqual(['easel: first start']);
    expect(locks(installed)).toEqual([]);
  });

  it('lets `npm test` be the first command, also with NODE_ENV=production', () => {
    expect(first?.tests).toMatchObject({ status: 0, stdout: expect.stringMatching(/\n1 passed, 0 failed\n$/) });
  });

  it('does not ask npm again and says nothing more at the second start', async () => {
    const env = withCommands(folder, { npm: 'echo "npm was called" >&2; exit 1' });
    expect(await run('./easel', ['--version'], { cwd: installed, env })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(version),
      stderr: '',
    });
  });

  it('runs through a chain of links and from another folder', async () => {
    symlinkSync(join(installed, 'easel'), join(folder, 'absolute link'));
    symlinkSync('absolute link', join(folder, 'easel-link'));
    const outcome = await run(join(folder, 'easel-link'), ['--version'], { cwd: '/' });
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
  });

  it('takes the Node of the system where npm brings none', async () => {
    const copy = copyOf(installed, join(folder, 'without node'));
    rmSync(join(copy, 'node_modules/.bin/node'));
    const env = withCommands(folder, { node: `exec "${process.execPath}" "$@"` });
    const outcome = await run('./easel', ['--version'], { cwd: copy, env });
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
  });

  it('installs what a changed lockfile asks for, even when the first attempt is killed half-way', async () => {
    const copy = copyOf(installed, join(folder, 'changed'));
    changeLockfile(copy);
    const killed = start('./easel', ['--version'], { cwd: copy });
    await until(() => locks(copy).length > 0 && !existsSync(join(copy, 'node_modules/.easel-lock')));
    process.kill(-killed.pid, 'SIGKILL');
    expect(await killed.outcome).toMatchObject({
      signal: 'SIGKILL',
      stderr: expect.stringContaining('package-lock.json has changed'),
    });

    const outcome = await run('./easel', ['--version'], { cwd: copy });
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version) });
    expect(outcome.stderr.match(installing)).toHaveLength(1);
    expect(readFileSync(join(copy, 'node_modules/.easel-lock'))).toEqual(readFileSync(join(copy, 'package-lock.json')));
    expect(locks(copy)).toEqual([]);
  });
});

/** Two people and a test run that all come first, the test run with the settings of a production machine. */
async function startThreeAtOnce(clone: string) {
  const starts = [0, 1].map(() => run('./easel', ['--version'], { cwd: clone }));
  const env = newcomersEnvironment({ NODE_ENV: 'production' });
  const tests = run('npm', ['test', '--', 'tests/pinned-node.test.ts'], { cwd: clone, env });
  return { starts: await Promise.all(starts), tests: await tests };
}

function changeLockfile(clone: string): void {
  const file = join(clone, 'package-lock.json');
  writeFileSync(`${file}.new`, `${readFileSync(file, 'utf8')}\n`);
  renameSync(`${file}.new`, file);
}

function locks(clone: string): string[] {
  return readdirSync(clone).filter((name) => /^\.easel-installing\.\d+$/.test(name));
}
