import { spawnSync } from 'node:child_process';
import { chown, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { inAnotherNode, isRoot, newDataDir, query, start } from './server-in-test.ts';

const nobody = { uid: 65_534, gid: 65_534 };

/** Starts the server twice, with a row in between that has to be there. */
const twice = `
  import pg from 'pg';
  const row = async (sql, connection) => {
    const client = new pg.Client(connection);
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows?.[0];
  };
  const first = await easel.startEmbeddedPostgres({ dataDir: process.argv[1] });
  await row('create table kept as select 7 as n', first.connection);
  await first.stop();
  const second = await easel.startEmbeddedPostgres({ dataDir: process.argv[1] });
  const kept = await row('select n from kept', second.connection);
  await second.stop();
  console.log(JSON.stringify({ uid: process.getuid(), kept, adopted: second.adopted }));`;

test('a plain user needs no privilege', async ({ skip }) => {
  if (!isRoot) skip('all other tests run as a plain user already');
  const canRun = spawnSync(process.execPath, ['--version'], { ...nobody, cwd: '/' }).status === 0;
  if (!canRun) skip('the user "nobody" cannot run this Node');
  const home = await newDataDir('home');
  await mkdir(home, { mode: 0o700 });
  await chown(home, nobody.uid, nobody.gid);
  const dataDir = path.join(home, 'share', 'easel');
  const { firstLine } = await inAnotherNode(
    { module: 'embedded-postgres.ts', code: twice, args: [dataDir], as: nobody },
    { HOME: home },
  );
  expect(JSON.parse(await firstLine)).toEqual({ uid: nobody.uid, kept: { n: 7 }, adopted: false });
  expect(await stat(path.join(dataDir, 'postgres'))).toMatchObject({ uid: nobody.uid });

  // Root on a user's data acts as that user, and leaves nothing that the user could not use.
  const server = await start({ dataDir });
  expect(await query(server.connection, 'select n from kept')).toEqual([[7]]);
  await server.stop();
  const again = await inAnotherNode({
    module: 'embedded-postgres.ts',
    code: `const { stop } = await easel.startEmbeddedPostgres({ dataDir: process.argv[1] }); await stop(); console.log('well');`,
    args: [dataDir],
    as: nobody,
  });
  expect(await again.firstLine).toBe('well');
});

test('a plain user is refused the data of another', async ({ skip }) => {
  if (!isRoot) skip('only root can act for two users');
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  const { firstLine } = await inAnotherNode({
    module: 'embedded-postgres.ts',
    code: `await easel.startEmbeddedPostgres({ dataDir: process.argv[1] }).catch((error) => console.log(error.name, error.remedy));`,
    args: [dataDir],
    as: nobody,
  });
  expect(await firstLine).toMatch(/^DatabaseUnavailable give the user that Easel runs as access/);
});

test('as root, PostgreSQL runs as another account', async ({ skip }) => {
  if (!isRoot) skip('we are not root');
  const { pid } = await start({ dataDir: await newDataDir() });
  if (process.platform === 'linux') expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
});
