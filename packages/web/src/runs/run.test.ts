import type { JobEvent } from '@easel/contract';
import { expect, test } from 'vitest';
import { afterEvent, isOver, type Run, statusOf, withEvent } from './run.ts';

const run: Run = { key: '1', request: { prompt: 'a fox' }, phase: 'sending', previews: 0 };
const now = 1_000_000;

test('a run goes through the phases of its events', () => {
  const queued = afterEvent(run, { event: 'queued', data: { position: 2, eta: 5 } }, now);
  expect(queued).toMatchObject({ phase: 'queued', position: 2, expectedAt: now + 5000 });
  const started = afterEvent(queued, { event: 'started', data: { started_at: '2026-01-31T12:00:00Z' } }, now);
  expect(started.phase).toBe('running');
  const step = { index: 3, total: 25, sigma: 1, eta: 2 };
  const drawn = afterEvent(
    started,
    { event: 'step', data: { ...step, preview: 'data:image/jpeg;base64,AA' } },
    now + 1000,
  );
  expect(drawn).toMatchObject({ step: { index: 3, total: 25 }, previews: 1, expectedAt: now + 3000 });
  expect(afterEvent(drawn, { event: 'step', data: { ...step, index: 4 } }, now)).toMatchObject({
    preview: 'data:image/jpeg;base64,AA',
    previews: 1,
  });
  expect(isOver(drawn)).toBe(false);
});

test('of several pictures the finished ones are kept, until the run is begun again', () => {
  const told = (sample: number) => ({ event: 'sample', data: { sample, preview: `data:${sample}` } }) as const;
  const started = { event: 'started', data: { started_at: '2026-01-31T12:00:00Z' } } as const;
  const both = [started, told(0), told(1), told(1)].reduce((before, event) => afterEvent(before, event, now), run);
  expect(both.finished).toEqual(['data:0', 'data:1']);
  expect(afterEvent(both, started, now).finished).toEqual([]);
  const step = { event: 'step', data: { index: 3, total: 4, sigma: 1, eta: 1 } } as const;
  const kept = [started, step, told(0), step, told(1), step].reduce<readonly JobEvent[]>(withEvent, []);
  expect(kept).toEqual([told(0), told(1), step]);
});

test('a queued run says what it waits for, and the time left counts down', () => {
  const after = (data: { position: number; eta: number | null; paused?: boolean }, seconds = 0) =>
    statusOf(afterEvent(run, { event: 'queued', data }, now), now + seconds * 1000, true);
  expect(after({ position: 0, eta: 3 })).toBe('Next in queue, about 3.0 s left');
  expect(after({ position: 0, eta: 49 }, 24)).toBe('Next in queue, about 25 s left');
  expect(after({ position: 0, eta: 3 }, 4)).toBe('Next in queue');
  expect(after({ position: 1, eta: null })).toBe('1 job ahead');
  expect(after({ position: 2, eta: null, paused: false })).toBe('2 jobs ahead');
  expect(after({ position: 0, eta: null, paused: true })).toMatch(/paused by the administrator/);
});

test('without a connection the last known progress is not shown as current', () => {
  const running = afterEvent(run, { event: 'step', data: { index: 3, total: 25, sigma: 1, eta: 9 } }, now);
  expect(statusOf(running, now, false)).toBe('Connection lost, reconnecting…');
});

test('a problem, such as a cancel that did not reach the server, is cleared by the next event', () => {
  const troubled = { ...run, problem: 'The server cannot be reached.' };
  const step = { index: 3, total: 25, sigma: 1, eta: 9 };
  expect(afterEvent(troubled, { event: 'step', data: step }, now)).not.toHaveProperty('problem');
});
