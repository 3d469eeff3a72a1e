import { stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { hasNumber } from '../src/process-identity.ts';
import { connect, eventually, newDataDir, query, start } from './server-in-test.ts';

test('the first start makes a durable database that only a socket leads to, and the next start finds its rows', async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  expect(first.adopted).toBe(false);
  const settings = `select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
    current_setting('listen_addresses'), current_setting('data_checksums'), current_setting('max_connections'),
    current_setting('server_encoding')`;
  expect(await query(first.connection, settings)).toEqual([['on', 'on', 'on', '', 'on', '100', 'UTF8']]);
  await query(first.connection, `create table greeting as select 'grüß dich, 世界' as text`);
  await first.stop();
  expect(hasNumber(first.pid)).toBe(false);

  const second = await start({ dataDir });
  expect(second.adopted).toBe(false);
  expect(second.connection).toEqual(first.connection);
  expect(await query(second.connection, 'select * from greeting')).toEqual([['grüß dich, 世界']]);
});

test('nobody gets in without the password, or past the folders', async () => {
  const dataDir = await newDataDir();
  const { connection } = await start({ dataDir });
  for (const password of ['wrong', undefined]) {
    const client = new pg.Client({ ...connection, password });
    await expect(client.connect(), `password ${password}`).rejects.toThrow(/password/);
  }
  for (const folder of ['postgres/data', 'postgres/run']) {
    expect((await stat(path.join(dataDir, folder))).mode & 0o777, folder).toBe(0o700);
  }
  for (const file of ['postgres/data/easel.password', 'postgres/postgres.log']) {
    expect((await stat(path.join(dataDir, file))).mode & 0o777, file).toBe(0o600);
  }
});

test('of several starters at once one starts the server and the others adopt it', async () => {
  const dataDir = await newDataDir();
  const servers = await Promise.all([start({ dataDir }), start({ dataDir }), start({ dataDir })]);
  expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
  expect(servers.filter(({ adopted }) => !adopted)).toHaveLength(1);
  for (const { connection } of servers) expect(await query(connection, 'select 1')).toEqual([[1]]);
});

test('stop ends the server under connected clients, in the middle of a query too, and can be called again', async () => {
  const server = await start({ dataDir: await newDataDir() });
  await connect(server.connection);
  const busy = await connect(server.connection);
  const sleeping = expect(busy.query('select pg_sleep(600)')).rejects.toThrow(/terminat/);
  await eventually(async () => {
    const found = await query(server.connection, `select 1 from pg_stat_activity where query like 'select pg_sleep%'`);
    return found.length > 0;
  });
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  await sleeping;
  expect(hasNumber(server.pid)).toBe(false);
});

test('a server stopped by one of its users is not mistaken for the next one', async () => {
  const dataDir = await newDataDir();
  const first = await startEmbeddedPostgres({ dataDir });
  const other = await startEmbeddedPostgres({ dataDir });
  await other.stop();
  const next = await start({ dataDir });
  await first.stop();
  expect(await query(next.connection, 'select 1')).toEqual([[1]]);
});
