import { expect, test } from 'vitest';
import { killRounds, type RoundReport } from './rounds.ts';

test.skipIf(process.platform !== 'linux')(
  'kill -9 of server, engine, worker or database loses no job, no credit and no picture (finds processes in /proc: Linux only)',
  async () => {
    const seed = Date.now() % 2 ** 31;
    const reports: RoundReport[] = [];
    await killRounds({ rounds: 5, seed }, (report) => reports.push(report)).catch((error: unknown) => {
      throw new Error(`seed ${seed}, after ${JSON.stringify(reports.at(-1))}`, { cause: error });
    });
    expect(reports).toHaveLength(5);
  },
  600_000,
);
