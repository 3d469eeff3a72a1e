import { expect, onTestFinished, test } from 'vitest';
import { stopPostmaster } from '../src/postmaster.ts';
import { identityOf, isRunning } from '../src/process-identity.ts';
import { connect, newDataDir, query, start } from './server-in-test.ts';

test('a server that a stuck process keeps from stopping is ended by force, and its rows survive', async () => {
  const dataDir = await newDataDir();
  const stuck = await start({ dataDir });
  await query(stuck.connection, 'create table kept as select 7 as n');
  const client = await connect(stuck.connection);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = Number(rows[0]?.pid);
  process.kill(backend, 'SIGSTOP');
  onTestFinished(() => {
    if (stillThere(backend)) process.kill(backend, 'SIGKILL');
  });
  const postmaster = await identityOf(stuck.pid);
  // PostgreSQL itself kills what does not heed its SIGQUIT after 5 s.
  const patience = { fastMs: 500, immediateMs: 20_000 };
  await stopPostmaster(stuck.pid, async () => !(await isRunning(postmaster)), patience);
  expect(await isRunning(postmaster)).toBe(false);
  const next = await start({ dataDir });
  expect(await query(next.connection, 'select n from kept')).toEqual([[7]]);
});

function stillThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
