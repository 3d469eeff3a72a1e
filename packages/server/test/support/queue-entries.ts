import { sql } from 'kysely';
import type { Database } from '../../src/database/database.ts';
import { queueNameOf } from '../../src/queue/pg-boss-queue.ts';

/** How many jobs of a model the queue itself would still hand to a worker. */
export async function queueEntries({ kysely }: Database, model: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pgboss.job where name = ${queueNameOf(model)} and state in ('created', 'retry')
  `.execute(kysely);
  return rows[0]?.count ?? 0;
}
