import { expect, test } from 'vitest';
import { killRounds, type RoundReport } from './rounds.ts';
import { blows, type WaitingReport, waitingRounds } from './waiting.ts';

/** `npm run test:kill` is the long form. */
const rounds = 3;

test.skipIf(process.platform !== 'linux')(
  'kill -9 of server, engine, worker or database loses no job, no credit and no picture (finds processes in /proc: Linux only)',
  async () => {
    const seed = Date.now() % 2 ** 31;
    const reports: RoundReport[] = [];
    await killRounds({ rounds, seed }, (report) => reports.push(report)).catch((error: unknown) => {
      throw new Error(`seed ${seed}, after ${JSON.stringify(reports.at(-1))}`, { cause: error });
    });
    expect(reports).toHaveLength(rounds);
  },
  600_000,
);

test.skipIf(process.platform !== 'linux')(
  'clients that wait are told the truth when database or server go away under them: no failure is charged, and what is charged can be fetched',
  async () => {
    const seed = Date.now() % 2 ** 31;
    const reports: WaitingReport[] = [];
    const rounds = { rounds: blows.length, seed, order: blows };
    await waitingRounds(rounds, (report) => reports.push(report)).catch((error: unknown) => {
      throw new Error(`seed ${seed}, after ${JSON.stringify(reports.at(-1))}`, { cause: error });
    });
    expect(reports.map(({ blow }) => blow)).toEqual([...blows]);
  },
  1_800_000,
);
