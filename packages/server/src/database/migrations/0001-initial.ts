import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { accountsAndKeys } from './0001/accounts-and-keys.ts';
import { holds } from './0001/holds.ts';
import { jobs } from './0001/jobs.ts';
import { ledger, ledgerGuards } from './0001/ledger.ts';
import { operation } from './0001/operation.ts';

/** Every table, in the order in which they refer to one another. A migration that was released is never edited. */
export const initial: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statements of [accountsAndKeys, ledger, ledgerGuards, holds, jobs, operation]) {
      await sql.raw(statements).execute(database);
    }
  },
};
