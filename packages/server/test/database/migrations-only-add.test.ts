import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { connectionSettings } from '../../src/database/database.ts';
import { migrations } from '../../src/database/migrate.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();

/** What a process of the release before would stumble over: its queries name old things, and its rows lack new columns. */
const breaking: readonly (readonly [rule: string, pattern: RegExp])[] = [
  ['drops or renames', /\b(?:drop\s+(?:table|column|schema|function|type)|rename)\b/i],
  ['changes the type of a column', /\balter\s+column\s+\S+\s+(?:set\s+data\s+)?type\b/i],
  ['requires a column', /\balter\s+column\s+\S+\s+set\s+not\s+null\b/i],
];

/** @returns the rules that a statement breaks */
function faultsOf(statement: string): string[] {
  const faults = breaking.flatMap(([rule, pattern]) => (pattern.test(statement) ? [rule] : []));
  const isTableChange = /^\s*alter\s+table\b/i.test(statement);
  const columns = isTableChange ? statement.split(/\badd\s+(?:column\s+)?/i).slice(1) : [];
  const demanding = columns.filter(
    (column) => /\bnot\s+null\b/i.test(column) && !/\b(?:default|generated)\b/i.test(column),
  );
  return [...faults, ...demanding.map(() => 'adds a column that old rows cannot fill')];
}

test.each([
  ['alter table "easel"."jobs" drop column "seed"', 1],
  ['alter table easel.jobs rename column seed to number', 1],
  ['alter table easel.jobs alter column seed type text', 1],
  ['alter table easel.jobs alter column profile set not null', 1],
  ['alter table easel.jobs add column a text not null, add column b text', 1],
  ["alter table easel.jobs add column a text not null default '', add column b text", 0],
  ['create table easel.hooks (id uuid primary key, url text not null)', 0],
  ['create index on easel.jobs (state)', 0],
])('%s breaks %i rules', (statement, count) => {
  expect(faultsOf(statement)).toHaveLength(count);
});

test('a migration only adds, so that processes of the release before go on with the new tables', async () => {
  const address = await opened().createEmpty();
  const statements: string[] = [];
  const pool = new Pool({ ...connectionSettings(address), max: 1 });
  pool.on('error', () => {});
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void statements.push(query.sql),
  });
  try {
    const faults: string[] = [];
    await sql`create schema easel`.execute(kysely);
    const all: [string, Migration][] = Object.entries(migrations);
    for (const [name, { up }] of all) {
      statements.length = 0;
      await up(kysely);
      if (name < '0010') continue;
      for (const statement of statements)
        for (const fault of faultsOf(statement)) faults.push(`${name} ${fault}: ${statement}`);
    }
    expect(faults).toEqual([]);
  } finally {
    await kysely.destroy();
  }
});
