import { afterEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { DatabaseClock } from '../../src/database/database-clock.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();
afterEach(() => {
  vi.useRealTimers();
});

/** What the clock is away from the time that the machine really has. */
const awayMs = (clock: DatabaseClock) => Math.abs(clock.now().getTime() - (performance.timeOrigin + performance.now()));

test('a machine with a wrong clock dates what it does by the database, and says so once', async () => {
  const told: number[] = [];
  const clock = new DatabaseClock(opened().database, (ms) => told.push(ms));
  await clock.compare();
  expect(awayMs(clock)).toBeLessThan(60_000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 86_400_000 });
  expect(awayMs(clock)).toBeGreaterThan(86_400_000);
  for (let count = 0; count < 3; count += 1) await clock.compare();
  expect(awayMs(clock)).toBeLessThan(60_000);
  expect(told).toEqual([expect.closeTo(2 * 86_400_000, -5)]);
  vi.useRealTimers();
  await clock.compare();
  expect(told.at(-1)).toBe(0);
  expect(clock.now().getTime() - Date.now()).toBeLessThan(1000);
});

test('a database that does not answer leaves the last difference', async () => {
  const nowhere = openDatabase({ address: { url: 'postgres://127.0.0.1:1/easel' }, onConnectionLost: () => {} });
  const clock = new DatabaseClock(nowhere, () => {});
  await expect(clock.compare()).rejects.toThrow();
  expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(1000);
  await nowhere.close();
});
