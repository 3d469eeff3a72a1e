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

  it.each(['v20.20.2', 'v22.17.1', 'v18.0.0'])(
    'asks for a newer Node instead of %s before it installs, on a platform without its own',
    async (old) => {
      const env = withCommands(folder, { uname: elsewhere, node: `echo ${old}`, npm: 'echo "npm was called" >&2' });
      const outcome = await run('./easel', ['--version'], { cwd: clone, env });
      expect(outcome).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `easel: Darwin arm64 needs Node.js 22.18 or newer (found: ${old}): https://nodejs.org\n`,
      });
      expect(existsSync(join(clone, 'node_modules'))).toBe(false);
    },
  );

  it.each(['v22.18.0', 'v24.0.0'])('goes on to npm with %s of the system, and reports its failure', async (recent) => {
    const env = withCommands(folder, {
      uname: elsewhere,
      node: `echo ${recent}`,
      npm: 'echo "no network" >&2; exit 1',
    });
    const outcome = await run('./easel', ['--version'], { cwd: clone, env });
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toMatch(
      /^easel: first start: .*\nno network\neasel: npm ci has failed, see above; the next start tries again\n$/,
    );
  });

  it('says where npm comes from when there is none', async () => {
    const env = withCommands(folder, {});
    const bin = env.PATH?.split(':')[0] ?? '';
    for (const name of ['sh', 'dirname', 'readlink', 'cmp']) {
      symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
    }
    const outcome = await run('./easel', [], { cwd: clone, env: newcomersEnvironment({ PATH: bin }) });
    expect(outcome).toMatchObject({ status: 127, stdout: '', stderr: expect.stringContaining('needs npm') });
  });
});
