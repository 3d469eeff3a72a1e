import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshClone, installerFiles, scratchFolder } from './clone.ts';
import { newcomersEnvironment, run, withCommands } from './command.ts';

describe('the launcher where it cannot install', () => {
  let folder = '';
  let clone = '';
  beforeAll(() => {
    folder = scratchFolder();
    clone = freshClone(folder, 'my easel', installerFiles);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const elsewhere = 'if [ "$1" = -s ]; then echo Darwin; else echo arm64; fi';
  const linux = 'if [ "$1" = -s ]; then echo Linux; else echo x86_64; fi';

  it.each(['v20.20.2', 'v22.23.3', 'v18.0.0'])(
    'asks for a newer Node instead of %s before it installs, on a platform without its own',
    async (old) => {
      const env = withCommands(folder, { uname: elsewhere, node: `echo ${old}`, npm: 'echo "npm was called" >&2' });
      const outcome = await run('./easel', ['--version'], { cwd: clone, env });
      expect(outcome).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `easel: Darwin arm64 needs Node.js 24 or newer (found ${old}): https://nodejs.org\n`,
      });
      expect(existsSync(join(clone, 'node_modules'))).toBe(false);
    },
  );

  it.each(['v24.0.0', 'v26.1.0'])('goes on to npm with %s of the system, and reports its failure', async (recent) => {
    const env = withCommands(folder, {
      uname: elsewhere,
      node: `[ "$1" = --version ] && echo ${recent}`,
      npm: 'echo "no network" >&2; exit 1',
    });
    const outcome = await run('./easel', ['--version'], { cwd: clone, env });
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toMatch(
      /^easel: first start: .*\nno network\neasel: npm could not install, see above; run the same command again to go on with what has been downloaded\n$/,
    );
  });

  it.each(['v18.20.8', 'v20.5.0', 'v20.18.3', 'v21.7.3', 'v22.11.0'])(
    'asks for a newer Node than %s where npm would leave out packages on it',
    async (old) => {
      const env = withCommands(folder, { uname: linux, node: `echo ${old}`, npm: 'echo "npm was called" >&2' });
      expect(await run('./easel', ['--version'], { cwd: clone, env })).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `easel: npm needs Node.js 20.19, 22.12 or newer to install Easel (found ${old}): https://nodejs.org\n`,
      });
    },
  );

  it.each(['v20.19.0', 'v22.12.0', 'v22.23.3', 'v23.0.0', 'v26.1.0'])('goes on to npm on Node %s', async (recent) => {
    const env = withCommands(folder, {
      uname: linux,
      node: `echo ${recent}; exit 1`,
      npm: 'echo "npm was called" >&2; exit 1',
    });
    const outcome = await run('./easel', ['--version'], { cwd: clone, env });
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('npm was called') });
  });

  it('lets npm say what went wrong and nothing of its own newer version', async () => {
    const env = withCommands(folder, {
      uname: linux,
      node: 'echo v24.0.0; exit 1',
      npm: 'echo "npm got $*" >&2; exit 1',
    });
    const { stderr } = await run('./easel', ['--version'], { cwd: clone, env });
    expect(stderr).toMatch(/^npm got .* --no-update-notifier .*--loglevel=error$/m);
  });

  it('names a program for tools/run that is not there, before it installs anything', async () => {
    const outcome = await run('tools/run', ['nope.ts'], { cwd: freshClone(folder, 'to run', ['tools']) });
    expect(outcome).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('there is no file nope.ts'),
    });
  });

  it('says where npm comes from when there is none', async () => {
    const env = withCommands(folder, {});
    const bin = env.PATH?.split(':')[0] ?? '';
    for (const name of ['sh', 'dirname', 'readlink', 'cmp', 'uname']) {
      symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
    }
    const outcome = await run('./easel', [], { cwd: clone, env: newcomersEnvironment({ PATH: bin }) });
    expect(outcome).toMatchObject({ status: 127, stdout: '', stderr: expect.stringContaining('needs npm') });
  });
});
