import { sql } from 'kysely';
import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import type { ServerIdentity, Servers } from './servers-port.ts';

/** By the clock of the database, which is one for all servers. */
export const serversInPostgres: Servers = {
  async put(transaction: Transaction, { id, place }: ServerIdentity): Promise<Date> {
    const { rows } = await sql<{ now: Date }>`
      insert into easel.servers (id, place, seen_at) values (${id}, ${place}, now())
      on conflict (id) do update set seen_at = now() returning now() as now
    `.execute(queriesOf(transaction));
    const [row] = rows;
    if (row === undefined) throw new Error('the database did not tell its time');
    return row.now;
  },

  async remove(transaction: Transaction, id: string): Promise<void> {
    await queriesOf(transaction).deleteFrom('servers').where('id', '=', id).execute();
  },

  async abandonedJobs(
    transaction: Transaction,
    { id, place }: ServerIdentity,
    silentForSeconds: number | null,
  ): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select job.id from easel.jobs as job left join easel.servers as server on server.id = job.waiter
      where job.waiter <> ${id} and job.state in ('queued', 'running')
        and (server.id is null or server.place = ${place} or server.seen_at < now() - make_interval(secs => ${silentForSeconds}))
    `.execute(queriesOf(transaction));
    return rows.map((row) => row.id);
  },

  async removeDead(
    transaction: Transaction,
    { id, place }: ServerIdentity,
    silentForSeconds: number | null,
  ): Promise<void> {
    await sql`
      delete from easel.servers
      where id <> ${id} and (place = ${place} or seen_at < now() - make_interval(secs => ${silentForSeconds}))
    `.execute(queriesOf(transaction));
  },
};
