import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { expectSoundLedger } from '../../packages/server/test/ledger/ledger-invariants.ts';
import { Installation, long, small } from '../faults/installation.ts';
import { untilEnded } from '../faults/load.ts';
import { checkBalance } from '../faults/run-scenario.ts';
import { checkOut, lastCommitBeforeMigration } from './earlier-release.ts';

/** `npm run test:upgrade`: from the last commit before the newest change of the database, or from that of UPGRADE_FROM. */
const from = process.env.UPGRADE_FROM ?? '';

test.skipIf(from === '')(
  `server and worker of the release before go on when a new server has changed the database, until they are replaced${from === '' ? ' (skipped: npm run test:upgrade)' : ''}`,
  async () => {
    const commit = from === 'auto' ? lastCommitBeforeMigration() : from;
    const { program, remove } = await checkOut(
      commit,
      join(await mkdtemp(join(tmpdir(), 'easel-upgrade-')), 'earlier'),
    );
    onTestFinished(remove);
    const installation = await Installation.start({ workers: 1, program });
    onTestFinished(() => installation.stop());
    const { customer: old } = installation;
    const [oldWorker] = installation.workers;
    const first = await old.jobs.create(small, { idempotencyKey: 'first' });
    await untilEnded(installation, [first.id]);
    const changesBefore = await changesOf(installation);
    let acrossBoth = '';
    await installation.replaceServer(async () => {
      const changes = (await changesOf(installation)).slice(changesBefore.length);
      process.stdout.write(`from ${commit}: ${changes.join(', ')}\n`);
      expect(changes).not.toEqual([]);
      // What the old server still does, on the new tables and with the old worker.
      expect((await old.jobs.create(small, { idempotencyKey: 'first' })).id).toBe(first.id);
      const second = await old.jobs.create(small);
      expect(await untilEnded(installation, [second.id])).toMatchObject([{ status: 'succeeded' }]);
      const cancelled = await old.jobs.create(long);
      expect(await old.jobs.cancel(cancelled.id)).toMatchObject({ status: 'cancelled' });
      await old.jobs.change(second.id, { favourite: true });
      expect((await old.jobs.list()).jobs).toHaveLength(3);
      expect((await old.account.ledger()).entries.length).toBeGreaterThan(5);
      acrossBoth = (await old.jobs.create(long)).id;
      expect(await installation.workerOf(acrossBoth)).toBe(oldWorker);
    });
    const { customer } = installation;
    await installation.startWorker();
    const third = await customer.jobs.create(small);
    await oldWorker?.stop();
    expect(oldWorker?.process.exitCode).toBe(0);
    const ended = await untilEnded(installation, [acrossBoth, third.id]);
    expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect((await customer.jobs.list()).jobs).toHaveLength(5);
    await checkBalance(installation);
    await expectSoundLedger(installation.database);
  },
  1_800_000,
);

async function changesOf({ database }: Installation): Promise<string[]> {
  const rows = await database.kysely
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
