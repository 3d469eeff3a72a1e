import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newDataDir } from './support/easel-server.ts';
import { postmasterOf, runEasel, until } from './support/run-easel.ts';

async function dataFolder(): Promise<string> {
  const folder = await newDataDir();
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return join(folder, 'data');
}

/** A port that another program has. */
async function busyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const serve = (dataDir: string, ...more: string[]) => ['serve', '--data-dir', dataDir, '--port', '0', ...more];

test('on a port that is taken the start ends with what to do, and the next one shows the keys', async () => {
  const dataDir = await dataFolder();
  const port = await busyPort();
  const refused = runEasel(['serve', '--data-dir', dataDir, '--port', String(port)]);
  expect(await refused.ended, refused.output()).toBe(1);
  expect(refused.output()).toContain(`easel: port ${port} of 127.0.0.1 is in use by another program`);
  expect(refused.output()).toContain('--port NUMBER');
  expect(refused.output()).not.toMatch(/EASEL_DEBUG|SG_/);
  const next = runEasel(serve(dataDir));
  await until(() => /admin key\s+SG_[0-9a-f]{16}[\s\S]*your key\s+SG_[0-9a-f]{16}/.test(next.output()), next.output);
  next.process.kill('SIGTERM');
  expect(await next.ended, next.output()).toBe(0);
  expect(await postmasterOf(dataDir)).toBeUndefined();
});

test.each([
  ['a host that is not of this machine', ['--host', '192.0.2.1'], {}, /cannot listen on the address 192\.0\.2\.1/, 2],
  [
    'a folder where none can be made',
    ['--data-dir', '/proc/x/y'],
    {},
    /data folder \/proc\/x\/y cannot be created or used: folders cannot be created there/,
    2,
  ],
  [
    'a folder that is a file',
    ['--data-dir', '/etc/passwd'],
    {},
    /\/etc\/passwd cannot be created or used: it is not a/,
    2,
  ],
  ['a model that is not there', ['--model', 'nope'], {}, /no model.*nope|nope.*not/, 3],
  ['a review module that is not there', [], { EASEL_REVIEW_HOOK: '/nowhere.js' }, /\/nowhere\.js .*no such file/, 2],
  [
    'a database that is not there',
    [],
    { DATABASE_URL: 'postgres://u:pw@127.0.0.1:1/d' },
    /of DATABASE_URL .*REFUSED/,
    1,
  ],
  ['a secret that is short', [], { EASEL_SECRET: 'short' }, /EASEL_SECRET must have at least 32/, 2],
  ['an admin key of another form', [], { EASEL_ADMIN_KEY: 'hello' }, /EASEL_ADMIN_KEY must be SG_/, 2],
])('with %s the start ends with the reason, and nothing is left running', async (_of, args, env, message, status) => {
  const dataDir = await dataFolder();
  const { ended, output } = runEasel([...serve(dataDir), ...args], env);
  expect(await ended, output()).toBe(status);
  expect(output()).toMatch(message);
  expect(output()).not.toMatch(/EASEL_DEBUG|:pw@/);
  expect(await postmasterOf(dataDir)).toBeUndefined();
});

test('whatever moment of a first start a signal comes at, the process ends with its status and the next start works', async () => {
  const dataDir = await dataFolder();
  const folder = join(dataDir, 'postgres');
  const has = (file: RegExp) => async () =>
    (await readdir(folder, { recursive: true }).catch(() => [])).some((name) => file.test(name));
  const moments = [() => true, has(/initdb-\d+\/base/), has(/postmaster\.pid$/), has(/user-\d+$/)];
  for (const [index, moment] of moments.entries()) {
    const run = runEasel(serve(dataDir));
    await until(async () => run.process.exitCode !== null || (await moment()), run.output);
    run.process.kill(index % 2 === 0 ? 'SIGTERM' : 'SIGINT');
    const status = await run.ended;
    // At the earliest the process has not heard of signals yet; at the latest it listens already.
    expect(['SIGTERM', 'SIGINT', 143, 130, 0], run.output()).toContain(status);
    expect(await postmasterOf(dataDir)).toBeUndefined();
  }
  const next = runEasel(serve(dataDir));
  await until(() => next.output().includes('listens on'), next.output);
  next.process.kill('SIGTERM');
  expect(await next.ended).toBe(0);
});

test('a worker says that no server has ever used its folder or its database, and makes none', async () => {
  const dataDir = await dataFolder();
  const lonely = runEasel(['worker', '--data-dir', dataDir]);
  expect(await lonely.ended, lonely.output()).toBe(2);
  expect(lonely.output()).toContain(`no server has ever used the data folder ${dataDir}`);
  expect(lonely.output()).toContain('easel serve');
  await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
});

test('of a server and a worker on one folder the last to end stops the database', async () => {
  const dataDir = await dataFolder();
  const server = runEasel(serve(dataDir));
  await until(() => server.output().includes('listens on'), server.output);
  const worker = runEasel(['worker', '--data-dir', dataDir]);
  await until(() => worker.output().includes('takes jobs'), worker.output);
  server.process.kill('SIGTERM');
  expect(await server.ended, server.output()).toBe(0);
  expect(await postmasterOf(dataDir)).toBeGreaterThan(0);
  worker.process.kill('SIGTERM');
  expect(await worker.ended, worker.output()).toBe(0);
  expect(await postmasterOf(dataDir)).toBeUndefined();
  const alone = runEasel(['worker', '--data-dir', dataDir]);
  await until(() => alone.output().includes('takes jobs'), alone.output);
  alone.process.kill('SIGTERM');
  expect(await alone.ended, alone.output()).toBe(0);
  expect(await postmasterOf(dataDir)).toBeUndefined();
  const failing = runEasel(['worker', '--data-dir', dataDir, '--model', 'nope']);
  expect(await failing.ended, failing.output()).toBe(3);
  expect(await postmasterOf(dataDir)).toBeUndefined();
});

test('a start that is refused for its secret leaves none behind', async () => {
  const dataDir = await dataFolder();
  const first = runEasel(serve(dataDir));
  await until(() => first.output().includes('listens on'), first.output);
  first.process.kill('SIGTERM');
  await first.ended;
  await rm(join(dataDir, 'secret'));
  const second = runEasel(serve(dataDir));
  expect(await second.ended, second.output()).toBe(2);
  expect(second.output()).toMatch(/server secret is not in .*copy the file `secret`/s);
  expect(await readdir(dataDir)).not.toContain('secret');
});

test('keys whose showing was cut off by kill -9 are no keys; the next start shows others', async () => {
  const dataDir = await dataFolder();
  const hook = join(dataDir, '..', 'stop-at-announcement.mjs');
  await mkdir(join(dataDir, '..'), { recursive: true });
  // Standard output that never takes anything: the process stands between the drawing of the keys and their showing.
  await writeFile(
    hook,
    `const write = process.stdout.write.bind(process.stdout);
     process.stdout.write = (text) => { process.stderr.write('STANDS ' + text); return false; };`,
  );
  const cut = runEasel(serve(dataDir), { NODE_OPTIONS: `--import=file://${hook}` });
  await until(() => cut.output().includes('STANDS'), cut.output);
  const lost = cut.output().match(/SG_[0-9a-f]{16}/g) ?? [];
  const url = /listens on (\S+)/.exec(cut.output())?.[1];
  const asked = (key: string, at = url) => fetch(`${at}/api/credits`, { headers: { 'x-api-key': key } });
  expect(lost.length).toBeGreaterThan(1);
  for (const key of lost) expect((await asked(key)).status).toBe(401);
  cut.process.kill('SIGKILL');
  await cut.ended;
  const next = runEasel(serve(dataDir));
  await until(() => next.output().includes('your key'), next.output);
  const shown = /your key\s+(SG_[0-9a-f]{16})/.exec(next.output())?.[1] ?? '';
  expect(lost).not.toContain(shown);
  expect((await asked(shown, /listens on (\S+)/.exec(next.output())?.[1])).status).toBe(200);
  next.process.kill('SIGTERM');
  expect(await next.ended, next.output()).toBe(0);
});
