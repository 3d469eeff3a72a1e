import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type EaselServer, ownEnvironment, serveEasel } from '../support/easel-server.ts';
import { runSource, until } from '../support/run-easel.ts';

const repository = resolve(import.meta.dirname, '../..');
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const jpeg = Buffer.from([0xff, 0xd8, 0xff]);

describe('the examples', () => {
  let server: EaselServer;
  let folder = '';
  beforeAll(async () => {
    server = await serveEasel();
    folder = mkdtempSync(join(tmpdir(), 'easel-examples-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  function start(name: string, env: Readonly<Record<string, string>> = {}) {
    const settings = { EASEL_URL: server.url, EASEL_API_KEY: server.devKey };
    const program = join(repository, 'examples', name, 'main.ts');
    return runSource(program, [], { cwd: folder, env: { ...ownEnvironment(), ...settings, ...env } });
  }

  test.each([
    ['axios', /^apple\.jpg$/, jpeg],
    ['openai', /^apple\.png$/, png],
    ['client', /\.jpg$/, jpeg],
    ['engine', /^apple\.png$/, png],
  ])('%s makes a picture and says its name', async (name, file, signature) => {
    const { ended, output } = start(name);
    expect(await ended, output()).toBe(0);
    const [written = ''] = output().match(/\S+\.(?:jpg|png)/) ?? [];
    expect(written).toMatch(file);
    expect(readFileSync(join(folder, written)).subarray(0, signature.length)).toEqual(signature);
  });

  test('express answers with a picture, refuses a request without a prompt, and stops when it is told to', async () => {
    const { process: child, ended, output } = start('express', { PORT: '0' });
    const listening = () => /listens on (\S+)/.exec(output())?.[1];
    await until(() => listening() !== undefined || child.exitCode !== null, output);
    const ask = (query: string) => fetch(`${listening()}/picture${query}`);
    const reply = await ask('?prompt=a%20red%20apple');
    expect(reply.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await reply.arrayBuffer()).subarray(0, 4)).toEqual(png);
    expect((await ask('')).status).toBe(400);
    child.kill('SIGTERM');
    expect(await ended, output()).toBe(0);
  });

  test('the route of nextjs answers with a picture, and with the reason when there is none', async () => {
    vi.stubEnv('EASEL_URL', server.url);
    vi.stubEnv('EASEL_API_KEY', server.devKey);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { POST } = await import('../../examples/nextjs/app/api/pictures/route.ts');
    const ask = (body: string) => POST(new Request('http://app.test/api/pictures', { method: 'POST', body }));
    const reply = await ask('{ "prompt": "a red apple" }');
    expect(reply.headers.get('content-type')).toBe('image/jpeg');
    expect(Buffer.from(await reply.arrayBuffer()).subarray(0, 3)).toEqual(jpeg);
    expect((await ask('nothing')).status).toBe(400);
    const refused = await ask('{ "prompt": "" }');
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: expect.stringContaining('prompt') });
  });
});

test('each example says what it is and needs the versions that are tested here', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(repository, file), 'utf8'));
  const tested = {
    ...read('package.json').devDependencies,
    ...Object.fromEntries(
      globSync('packages/*/package.json', { cwd: repository })
        .map(read)
        .map(({ name, version }) => [name, version]),
    ),
  };
  const folders = globSync('examples/*/', { cwd: repository });
  expect(folders.length).toBeGreaterThan(5);
  for (const folder of folders) {
    expect(readFileSync(join(repository, folder, 'README.md'), 'utf8')).toMatch(/^# \S/);
    expect(tested).toMatchObject(read(join(folder, 'package.json')).dependencies);
  }
});
