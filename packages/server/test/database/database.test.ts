import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { expect, test } from 'vitest';
import type { Queries } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { initial } from '../../src/database/migrations/0001-initial.ts';
import { SCHEMA } from '../../src/database/tables.ts';
import { newId } from '../../src/ids.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();

async function newAccounts(...names: string[]): Promise<void> {
  const values = names.map((name) => ({ id: newId(), name }));
  await opened().database.kysely.insertInto('accounts').values(values).execute();
}

const touch = (queries: Queries, name: string) =>
  queries
    .updateTable('accounts')
    .set(({ eb }) => ({ virtual_finish: eb('virtual_finish', '+', 1n) }))
    .where('name', '=', name)
    .execute();

const touched = async (name: string) => {
  const rows = opened().database.kysely.selectFrom('accounts').select('virtual_finish').where('name', '=', name);
  return (await rows.executeTakeFirstOrThrow()).virtual_finish;
};

/** A database of the first version. */
async function migrateToFirst(kysely: Parameters<typeof migrate>[0]): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ '0001-initial': initial }) },
    migrationTableSchema: SCHEMA,
  });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
}

test('processes that start together on an empty database migrate it once', async () => {
  const address = await opened().createEmpty();
  const starting = [1, 2, 3, 4].map(() => opened().open({ address, poolSize: 2 }));
  const ran = await Promise.all(starting.map(({ kysely }) => migrate(kysely)));
  expect(ran.flat()).toEqual([
    '0001-initial',
    '0002-model-memory',
    '0003-waiting-jobs',
    '0004-ends-and-waiters',
    '0005-drawn-by',
    '0006-any-surface',
    '0007-profiles',
    '0008-devices',
    '0009-styles',
    '0010-webhooks',
    '0011-operators',
    '0012-collections',
    '0013-drafts',
  ]);
  expect(await migrate(opened().database.kysely)).toEqual([]);
});

test('a database of the first version is brought up to date, with what is in it', async () => {
  const address = await opened().createEmpty();
  const { kysely } = opened().open({ address, poolSize: 2 });
  await migrateToFirst(kysely);
  await sql`
    insert into easel.workers (id, hostname, pid, models, started_at, seen_at, state, memory)
    values (${newId()}, 'old', 1, '{demo}', now(), now(), 'idle', 1000000)`.execute(kysely);
  expect(await migrate(kysely)).toEqual([
    '0002-model-memory',
    '0003-waiting-jobs',
    '0004-ends-and-waiters',
    '0005-drawn-by',
    '0006-any-surface',
    '0007-profiles',
    '0008-devices',
    '0009-styles',
    '0010-webhooks',
    '0011-operators',
    '0012-collections',
    '0013-drafts',
  ]);
  const kept = await kysely.selectFrom('workers').select(['hostname', 'model_memory']).execute();
  expect(kept).toEqual([{ hostname: 'old', model_memory: {} }]);
});

test('a migration that waits for a table lets everybody else through, and goes on when the table is free', async () => {
  const address = await opened().createEmpty();
  const { kysely } = opened().open({ address, poolSize: 2 });
  await migrateToFirst(kysely);
  const others = opened().open({ address, poolSize: 2 });
  const waiting = sql<{ count: number }>`
    select count(*)::integer as count from pg_locks where not granted and relation = 'easel.jobs'::regclass`;
  const countWaiting = async () => (await waiting.execute(others.kysely)).rows[0]?.count;
  const migrating = await others.transaction(async (queries) => {
    // As a backup does, for as long as it takes.
    await sql`lock table easel.jobs in access share mode`.execute(queries);
    const running = migrate(kysely);
    await expect.poll(countWaiting).toBe(1);
    const read = sql`select count(*) from easel.jobs`.execute(others.kysely);
    await Promise.race([read, running.then(() => expect.unreachable('the table was in use'))]);
    return { running };
  });
  expect(await migrating.running).toContain('0013-drafts');
});

test('a database that a newer version has migrated is refused', async () => {
  const address = await opened().createEmpty();
  const { kysely } = opened().open({ address, poolSize: 2 });
  await migrate(kysely);
  await sql`insert into easel.kysely_migration values ('9999-from-the-future', now()::text)`.execute(kysely);
  await expect(migrate(kysely)).rejects.toThrow('9999-from-the-future');
});

test('everything is in the schema of the service', async () => {
  const { rows } = await sql<{ schema: string }>`
    select distinct table_schema as schema from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema')`.execute(opened().database.kysely);
  expect(rows).toEqual([{ schema: 'easel' }]);
});

test('a URL leads to the same database as the parts of the address', async () => {
  const { address } = opened();
  if ('url' in address) throw new Error('the embedded server is given by parts');
  const { host, port, user, password, database } = address;
  const url = `postgres://${user}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  const { kysely } = opened().open({ address: { url }, poolSize: 1 });
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(kysely);
  expect(rows).toEqual([{ name: database }]);
});

test('whole numbers of 64 bits come and go exactly', async () => {
  const { accountId } = await newCustomer(opened().database, { available: 9_007_199_254_740_993n });
  const balances = opened()
    .database.kysely.selectFrom('balances')
    .select('available')
    .where('account_id', '=', accountId);
  expect(await balances.executeTakeFirst()).toEqual({ available: 9_007_199_254_740_993n });
});

test('work that throws is undone', async () => {
  await newAccounts('thrown');
  const work = opened().database.transaction(async (queries) => {
    await touch(queries, 'thrown');
    throw new RangeError('no');
  });
  await expect(work).rejects.toThrow(new RangeError('no'));
  expect(await touched('thrown')).toBe(0n);
});

test('transactions that wait for each other both happen, one of them again', async () => {
  await newAccounts('left', 'right');
  let started = 0;
  const bothHold = Promise.withResolvers<void>();
  const crossing = (first: string, second: string) =>
    opened().database.transaction(async (queries) => {
      await touch(queries, first);
      started += 1;
      if (started === 2) bothHold.resolve();
      await bothHold.promise;
      await touch(queries, second);
    });
  await Promise.all([crossing('left', 'right'), crossing('right', 'left')]);
  // A machine that is busy may let the one that begins again be first, and they wait for each other once more.
  expect(started).toBeGreaterThanOrEqual(3);
  expect([await touched('left'), await touched('right')]).toEqual([2n, 2n]);
});

test('a transaction that always loses is given up after five retries', async () => {
  let runs = 0;
  const work = opened().database.transaction(async (queries) => {
    runs += 1;
    await sql`do $$ begin raise exception 'lost' using errcode = 'serialization_failure'; end $$`.execute(queries);
  });
  await expect(work).rejects.toThrow('lost');
  expect(runs).toBe(6);
});

test('other errors are not tried again', async () => {
  await newAccounts('taken');
  let runs = 0;
  const work = opened().database.transaction(async (queries) => {
    runs += 1;
    await queries.insertInto('accounts').values({ id: newId(), name: 'taken' }).execute();
  });
  await expect(work).rejects.toThrow('accounts_name_key');
  expect(runs).toBe(1);
});

test('connections that are cut, idle or at work, fail their work only: the next gets a new one', async () => {
  await newAccounts('cut');
  const database = opened().open({ poolSize: 2 });
  const cutEveryone = () =>
    sql`select pg_terminate_backend(pid, 60000) from pg_stat_activity
      where pid <> pg_backend_pid() and datname = current_database() and backend_type = 'client backend'`.execute(
      opened().database.kysely,
    );
  const atWork = database.transaction(async (queries) => {
    await touch(queries, 'cut');
    await cutEveryone();
    await touch(queries, 'cut');
  });
  await expect(atWork).rejects.toMatchObject({ code: 'database_lost' });
  await database.transaction((queries) => touch(queries, 'cut'));
  await cutEveryone();
  await expect.poll(() => database.transaction(async () => 'works').catch(String)).toBe('works');
});

test('work whose connection is cut before its commit is run again, and happens once', async () => {
  await newAccounts('cut once');
  const database = opened().open({ poolSize: 2 });
  let runs = 0;
  await database.transaction(async (queries) => {
    runs += 1;
    await touch(queries, 'cut once');
    if (runs > 1) return;
    const self = sql<{ pid: number }>`select pg_backend_pid() as pid`;
    const pid = (await self.execute(queries)).rows[0]?.pid ?? 0;
    await sql`select pg_terminate_backend(${pid}, 60000)`.execute(opened().database.kysely);
    await touch(queries, 'cut once');
  });
  expect(runs).toBe(2);
  expect(await touched('cut once')).toBe(1n);
});
