import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshClone, installerFiles, scratchFolder } from './clone.ts';
import { run, start, until, withCommands } from './command.ts';

/**
 * Who installs when, seen by what npm is told: in place of npm stands a script that writes down when it begins and when it ends, and
 * installs nothing.
 */
describe('the lock of the installer', () => {
  let folder = '';
  let clone = '';
  let journal = '';
  beforeEach(() => {
    folder = scratchFolder();
    clone = freshClone(folder, 'my easel', installerFiles);
    journal = join(folder, 'journal');
    writeFileSync(journal, '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const npmThat = (does: string) =>
    withCommands(folder, { npm: `echo begin >> "${journal}"\n${does}\necho end >> "${journal}"\nexit 1` });
  const entries = () => readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  /** Whether npm runs, and the lock says that it is its owner too. */
  const begun = () =>
    entries().includes('begin') &&
    globSync('.easel-installing.[0-9]', { cwd: clone }).some((lock) =>
      /^\d+\n\d+\n$/.test(readFileSync(join(clone, lock), 'utf8')),
    );
  const ensureInstalled = (env: NodeJS.ProcessEnv) => start('tools/ensure-installed', [], { cwd: clone, env });

  it('lets one at a time install, also when all of them find the lock of a dead one', async () => {
    const dead = await run('sh', ['-c', 'echo $$'], { cwd: folder });
    writeFileSync(join(clone, '.easel-installing.1'), dead.stdout);
    const env = npmThat('sleep 0.2');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => ensureInstalled(env).outcome));
    expect(outcomes.map(({ status }) => status)).toEqual([1, 1, 1, 1, 1]);
    expect(entries()).toEqual(Array.from({ length: 5 }, () => ['begin', 'end']).flat());
  });

  it('is held by an npm that has lost its parent, until it ends', async () => {
    const mayEnd = join(folder, 'may end');
    const orphaned = ensureInstalled(npmThat(`while [ ! -e "${mayEnd}" ]; do sleep 0.1; done`));
    await until(begun);
    process.kill(orphaned.pid, 'SIGKILL');
    const next = ensureInstalled(npmThat(''));
    await until(() => /^easel: waiting for process \d+, which is installing/.test(next.output()));
    writeFileSync(mayEnd, '');
    await next.outcome;
    expect(entries()).toEqual(['begin', 'end', 'begin', 'end']);
  });

  it.runIf(process.platform === 'linux')(
    'is free when its owner is a zombie, as one may stay in a container',
    async () => {
      // Its child ends once the shell has become a sleep, which never asks for its end: a shell would.
      const child = 'until read -r name < /proc/$PPID/comm && [ "$name" = sleep ]; do :; done';
      const parent = start('sh', ['-c', `sh -c '${child}' & echo $! > "${journal}.zombie"; exec sleep 60`], {
        cwd: folder,
      });
      await until(() => existsSync(`${journal}.zombie`) && readFileSync(`${journal}.zombie`, 'utf8').endsWith('\n'));
      const zombie = readFileSync(`${journal}.zombie`, 'utf8').trim();
      await until(() => readFileSync(`/proc/${zombie}/stat`, 'utf8').includes(') Z '));
      writeFileSync(join(clone, '.easel-installing.1'), `${zombie}\n`);
      const outcome = await ensureInstalled(npmThat('')).outcome;
      process.kill(-parent.pid, 'SIGKILL');
      expect(outcome.stderr).not.toContain('waiting');
      expect(entries()).toEqual(['begin', 'end']);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('goes with the installer and its npm on %s', async (signal, status) => {
    const interrupted = ensureInstalled(npmThat('exec sleep 60'));
    await until(begun);
    process.kill(interrupted.pid, signal);
    expect(await interrupted.outcome).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining('run the same command again to go on'),
    });
    expect(await ensureInstalled(npmThat('')).outcome).toMatchObject({
      stderr: expect.not.stringContaining('waiting'),
    });
    expect(entries()).toEqual(['begin', 'begin', 'end']);
  });
});
