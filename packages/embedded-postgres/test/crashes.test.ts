import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasNumber, identityOf, isRunning } from '../src/process-identity.ts';
import { connect, eventually, inAnotherNode, newDataDir, query, start } from './server-in-test.ts';

test('after kill -9 of the server under load the next start recovers with every acknowledged row', async () => {
  const dataDir = await newDataDir();
  const crashed = await start({ dataDir });
  await query(crashed.connection, 'create table entries (n int primary key)');
  const writer = await connect(crashed.connection);
  let acknowledged = 0;
  const writing = (async () => {
    for (let n = 1; ; n += 1) {
      await writer.query('insert into entries values ($1)', [n]);
      acknowledged = n;
    }
  })();
  const lost = expect(writing).rejects.toThrow();
  await eventually(() => acknowledged >= 200);
  process.kill(crashed.pid, 'SIGKILL');
  const [recovered] = await Promise.all([start({ dataDir }), lost]);
  expect(recovered.adopted).toBe(false);
  const [row] = await query(recovered.connection, 'select count(*)::int, max(n) from entries');
  // One more may have been written without the answer having come.
  expect([
    [acknowledged, acknowledged],
    [acknowledged + 1, acknowledged + 1],
  ]).toContainEqual(row);
});

test('after kill -9 of the process that started it, a server lives on and is adopted', async () => {
  const dataDir = await newDataDir();
  const { child, firstLine, exited } = await inAnotherNode({
    module: 'embedded-postgres.ts',
    code: `const { pid } = await easel.startEmbeddedPostgres({ dataDir: process.argv[1] });
      console.log(pid); setInterval(() => {}, 60_000);`,
    args: [dataDir],
  });
  const pid = Number(await firstLine);
  child.kill('SIGKILL');
  await exited;
  const adopted = await start({ dataDir });
  expect(adopted).toMatchObject({ pid, adopted: true });
  expect(await query(adopted.connection, 'select 1')).toEqual([[1]]);
  const postmaster = await identityOf(pid);
  await adopted.stop();
  expect(await isRunning(postmaster)).toBe(false);
});

test('after kill -9 in the middle of the making of the database the next start makes it anew and leaves no trace', async () => {
  const dataDir = await newDataDir();
  const { child, exited } = await inAnotherNode({
    module: 'embedded-postgres.ts',
    code: `await easel.startEmbeddedPostgres({ dataDir: process.argv[1] });`,
    args: [dataDir],
  });
  const folder = path.join(dataDir, 'postgres');
  const entries = (): Promise<string[]> => readdir(folder).catch(() => []);
  await eventually(async () => (await entries()).includes(`initdb-${child.pid}`));
  child.kill('SIGKILL');
  await exited;
  expect(await entries()).not.toContain('data');
  const server = await start({ dataDir });
  expect(await query(server.connection, 'select 1')).toEqual([[1]]);
  expect((await entries()).toSorted()).toEqual(['data', 'postgres.log', 'run', `user-${process.pid}`]);
});

test('leftovers of former attempts are removed', async () => {
  const dataDir = await newDataDir();
  const folder = path.join(dataDir, 'postgres');
  await mkdir(path.join(folder, 'initdb-4194305', 'base'), { recursive: true });
  await writeFile(path.join(folder, 'initdb-4194305', 'PG_VERSION'), '18\n');
  await writeFile(path.join(folder, 'initdb-4194305.password'), 'old');
  await start({ dataDir });
  expect((await readdir(folder)).filter((name) => name.startsWith('initdb'))).toEqual([]);
});

test('the number of a killed server that another program of the same user got does not keep the next from starting', async () => {
  const dataDir = await newDataDir();
  const killed = await start({ dataDir });
  await query(killed.connection, 'create table kept as select 7 as n');
  const data = path.join(dataDir, 'postgres', 'data');
  const { uid, gid } = await stat(data);
  const stranger = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid, gid } : {});
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  process.kill(killed.pid, 'SIGKILL');
  await eventually(() => !hasNumber(killed.pid));
  const pidFile = path.join(data, 'postmaster.pid');
  await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(stranger.pid)));

  const server = await start({ dataDir });
  expect(server).toMatchObject({ adopted: false });
  expect(await query(server.connection, 'select n from kept')).toEqual([[7]]);
  await server.stop();
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
});
