import { type QueryExecutorProvider, sql } from 'kysely';

/** Runs a statement of the test's own, on a pool, one of its connections or in a transaction. @returns the rows */
export async function runSql<Row>(queries: QueryExecutorProvider, statement: string): Promise<readonly Row[]> {
  return (await sql.raw<Row>(statement).execute(queries)).rows;
}
