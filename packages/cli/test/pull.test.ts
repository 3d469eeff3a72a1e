import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixturePath } from '../../engine/test/fixtures.ts';
import { content, diffusersFiles, sendSome, sha256, startHub } from '../../models/test/fake-hub.ts';
import { runEasel, startEasel, temporaryFolder } from './run-easel.ts';

const COMMIT = 'c'.repeat(40);
const REPO = 'acme/painter';

async function place(files: Record<string, Buffer>, card: object = { license: 'openrail++' }) {
  const cwd = temporaryFolder();
  const hub = await startHub({ [REPO]: { commits: { [COMMIT]: files }, main: COMMIT, card: { ...card } } });
  const env = {
    HF_ENDPOINT: hub.url,
    HF_HOME: join(cwd, 'hf'),
    XDG_DATA_HOME: join(cwd, 'data'),
    EASEL_MODELS_DIR: join(cwd, 'models'),
  };
  const folder = join(cwd, 'hf', 'hub', 'models--acme--painter');
  return { cwd, hub, env, folder, run: (...args: string[]) => runEasel(args, { cwd, env }) };
}

describe('easel pull', () => {
  it('asks for the licence once, downloads, and what it downloaded is listed, shown, verified and removed', async () => {
    const { run, folder, hub } = await place(diffusersFiles());
    const refused = await run('pull', REPO);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(/licence: openrail\+\+[\s\S]*must be accepted.*no terminal[\s\S]*--accept-license/);
    expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);

    const pulled = await run('pull', REPO, '--accept-license');
    const snapshot = join(folder, 'snapshots', COMMIT);
    expect(pulled).toMatchObject({ status: 0, stdout: `${snapshot}\n` });
    expect(pulled.stderr).toMatch(/100 % of .*\nuse it with: easel generate --model acme\/painter/);
    expect(JSON.parse((await run('model', 'pull', REPO, '--json')).stdout)).toMatchObject({
      state: 'pulled',
      missingBytes: 0,
      path: snapshot,
    });

    const { models } = JSON.parse((await run('list', '--json')).stdout);
    expect(models).toMatchObject([{ name: REPO, commit: COMMIT, refs: ['main'], complete: true }]);
    const shown = await run('show', REPO);
    expect(shown.stdout).toContain(`path      ${snapshot}`);
    expect(shown.stdout).toMatch(
      /licence {3}openrail\+\+[\s\S]*unet\/diffusion_pytorch_model\.fp16\.safetensors +0\.1 MB/,
    );
    expect(await run('verify', REPO, '-q')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^✓ \d+ files are what the Hub lists\n$/),
    });
    expect(await run('remove', REPO)).toMatchObject({ status: 2, stderr: expect.stringContaining('add --yes') });
    expect(await run('remove', REPO, '--yes')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^removed acme\/painter: 0\.4 MB/),
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('goes on after it was killed in the middle, and takes over the lock of the dead process', async () => {
    const files = { 'model.safetensors': content(40_000_000) };
    const { run, folder, hub, cwd, env } = await place(files, { license: 'mit' });
    let isStalled = false;
    hub.onStore = (request, reply, body) =>
      // The first part comes halfway, and then nothing more.
      sendSome(20_000_000, () => {
        isStalled = true;
      })(request, reply, body);
    const easel = startEasel(['pull', REPO], { cwd, env });
    const note = join(folder, 'blobs', `${sha256(files['model.safetensors'])}.easel.incomplete.json`);
    const rangesThere = () => (existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')).ranges : []);
    // The note is there before the beginning of the file is.
    await expect.poll(() => isStalled && rangesThere()[0]?.[0] === 0).toBe(true);
    easel.process.kill('SIGKILL');
    expect((await easel.finished).signal).toBe('SIGKILL');
    const ranges = rangesThere();
    const before = hub.asked.length;
    hub.onStore = () => false;
    expect(await run('pull', REPO)).toMatchObject({ status: 0 });
    expect(
      readFileSync(join(folder, 'snapshots', COMMIT, 'model.safetensors')).equals(files['model.safetensors']),
    ).toBe(true);
    const starts = hub.asked
      .slice(before)
      .flatMap(({ at, range = '' }) => (at === 'store' ? [Number(/=(\d+)-/.exec(range)?.[1])] : []));
    expect(ranges[0][0]).toBe(0);
    expect(starts).toContain(ranges[0][1]);
    expect(starts).not.toContain(0);
  });

  it('waits for another process that downloads the same model, and says so', async () => {
    const files = { 'model.safetensors': content(300_000) };
    const { hub, cwd, env } = await place(files, { license: 'mit' });
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
    const { promise: isFree, resolve: free } = Promise.withResolvers<void>();
    hub.onStore = (request, reply, body) => {
      asked();
      void isFree.then(() => sendSome(body.length, () => reply.end())(request, reply, body));
      return true;
    };
    const first = startEasel(['pull', REPO], { cwd, env });
    await isAsked;
    const second = startEasel(['pull', REPO], { cwd, env });
    await second.said(new RegExp(`waiting for process ${first.process.pid}, which works on ${REPO}`));
    free();
    for (const { status, stdout } of await Promise.all([first.finished, second.finished])) {
      expect(status).toBe(0);
      expect(readFileSync(realpathSync(stdout.trim())).equals(files['model.safetensors'])).toBe(true);
    }
    expect(hub.asked.filter(({ at }) => at === 'store')).toHaveLength(1);
  });

  it('stopped by Ctrl-C says that what has arrived is kept', async () => {
    const { hub, cwd, env } = await place({ 'model.safetensors': content(300_000) }, { license: 'mit' });
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
    hub.onStore = sendSome(1000, () => asked());
    const easel = startEasel(['pull', REPO], { cwd, env });
    await isAsked;
    easel.process.kill('SIGINT');
    expect(await easel.finished).toMatchObject({
      status: 130,
      stderr: expect.stringContaining('what has arrived is kept'),
    });
  });

  it('looks at a pulled model by the names of its files, not by those of their contents', async () => {
    const files = Object.fromEntries(
      readdirSync(fixturePath('model'), { recursive: true, encoding: 'utf8' })
        .map((name) => join(fixturePath('model'), name))
        .filter((name) => statSync(name).isFile())
        .map((name) => [relative(fixturePath('model'), name), readFileSync(name)]),
    );
    const { run } = await place(files, { license: 'mit' });
    expect(await run('pull', REPO, '-q')).toMatchObject({ status: 0 });
    const { status, stdout } = await run('model', 'inspect', REPO);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ F16 +unet\/diffusion_\S+\n/),
    });
    expect(stdout).not.toContain('blobs');
  });

  it('leaves the embedded model and the models folder alone, and shows what is there', async () => {
    const { run, env } = await place({});
    mkdirSync(env.EASEL_MODELS_DIR);
    cpSync(fixturePath('model'), join(env.EASEL_MODELS_DIR, 'mine'), { recursive: true });
    const shown = await run('show', 'demo');
    expect(shown).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^demo: .*\n {2}path .*\n {2}licence {3}\S/),
    });
    const mine = join(env.EASEL_MODELS_DIR, 'mine');
    expect(JSON.parse((await run('show', 'mine', '--json')).stdout)).toMatchObject({ name: 'mine', path: mine });
    for (const command of ['pull', 'verify', 'remove']) {
      const embedded = await run(command, 'demo');
      expect(embedded, command).toMatchObject({ status: 2, stdout: '' });
      expect(embedded.stderr).toContain('demo does not come from the Hub: it is part of Easel');
      const own = await run(command, 'mine', ...(command === 'remove' ? ['--yes'] : []));
      expect(own, command).toMatchObject({ status: 2, stderr: expect.stringContaining(`it is ${mine}\n`) });
    }
    expect(existsSync(mine)).toBe(true);
  });

  it('suggests names for one that is unknown, wherever it is given', async () => {
    const { run } = await place({});
    for (const args of [
      ['pull', 'sdxl-trubo'],
      ['generate', 'x', '--model', 'sdxl-trubo'],
      ['model', 'inspect', 'sdxl-trubo'],
    ]) {
      const { status, stderr } = await run(...args);
      expect(status, args.join(' ')).toBe(3);
      expect(stderr).toMatch(/did you mean sdxl-turbo\? easel pull sdxl-turbo downloads it/);
    }
    expect((await run('list', '--available')).stdout).toMatch(/^playground-v2\.5 +model +about 6\.94 GB/m);
  });
});
