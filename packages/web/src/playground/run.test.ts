import { expect, test } from 'vitest';
import { afterEvent, isOver, type Run, statusOf } from './run.ts';

const run: Run = { key: '1', request: { prompt: 'a fox' }, phase: 'sending', previews: 0 };

test('a run goes through the phases that its events tell', () => {
  const queued = afterEvent(run, { event: 'queued', data: { position: 2, eta: 5 } });
  expect(queued).toMatchObject({ phase: 'queued', position: 2, eta: 5 });
  const started = afterEvent(queued, { event: 'started', data: { started_at: '2026-01-31T12:00:00Z' } });
  expect(started.phase).toBe('running');
  const step = { index: 3, total: 25, sigma: 1, eta: 2 };
  const drawn = afterEvent(started, { event: 'step', data: { ...step, preview: 'data:image/jpeg;base64,AA' } });
  expect(drawn).toMatchObject({ step: { index: 3, total: 25 }, previews: 1 });
  expect(afterEvent(drawn, { event: 'step', data: { ...step, index: 4 } })).toMatchObject({
    preview: 'data:image/jpeg;base64,AA',
    previews: 1,
  });
  expect(isOver(drawn)).toBe(false);
});

test('who waits is told for what', () => {
  const after = (data: { position: number; eta: number | null; paused?: boolean }) =>
    statusOf(afterEvent(run, { event: 'queued', data }));
  expect(after({ position: 0, eta: 3 })).toBe('Next in the queue, about 3.0 s left');
  expect(after({ position: 2, eta: null, paused: false })).toBe('2 before it in the queue');
  expect(after({ position: 0, eta: null, paused: true })).toMatch(/paused by the administrator/);
});
