import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveTo, type Place } from './own-queue.ts';
import { nextTurn, overtake } from './turns.ts';

describe('the turn of a new job', () => {
  it('is now for an account that has been idle', () => {
    expect(nextTurn(500n, 3n)).toEqual({ start: 500n, finish: 501n });
  });

  it('is after its own jobs for an account that has many', () => {
    expect(nextTurn(500n, 900n)).toEqual({ start: 900n, finish: 901n });
  });

  it('lets accounts that always have work start equally often', () => {
    // Two accounts with waiting jobs; one has asked for a hundred before the other asked for its first.
    const turns: { account: string; start: bigint }[] = [];
    let finish = 0n;
    for (let job = 0; job < 100; job++) {
      const turn = nextTurn(0n, finish);
      finish = turn.finish;
      turns.push({ account: 'early', start: turn.start });
    }
    finish = 0n;
    for (let job = 0; job < 10; job++) {
      const turn = nextTurn(10n, finish);
      finish = turn.finish;
      turns.push({ account: 'late', start: turn.start });
    }
    const started = turns.toSorted((one, other) => Number(one.start - other.start)).filter(({ start }) => start >= 10n);
    expect(started.slice(0, 20).filter(({ account }) => account === 'late')).toHaveLength(10);
  });
});

describe('a job of a higher priority', () => {
  const places = fc
    .array(fc.integer({ min: -10, max: 10 }), { maxLength: 20 })
    .map((priorities) =>
      priorities
        .toSorted((one, other) => other - one)
        .map((priority, index) => ({ jobId: `${index}`, model: 'a', priority, virtualStart: BigInt(3 * index) })),
    );

  it('takes the place of the first lower one, which move up by one, and no other turn is touched', () => {
    fc.assert(
      fc.property(places, fc.integer({ min: -10, max: 10 }), (waiting, priority) => {
        const { virtualStart, moved } = overtake({ priority, virtualStart: 1000n }, waiting);
        const starts = new Map(moved.map((move) => [move.jobId, move.virtualStart]));
        const all = [
          ...waiting.map((place) => ({ ...place, virtualStart: starts.get(place.jobId) ?? place.virtualStart })),
          { jobId: 'new', model: 'a', priority, virtualStart },
        ].toSorted((one, other) => Number(one.virtualStart - other.virtualStart));
        // In the order of their priorities, the earlier ones first among equals …
        const order = all.map(({ jobId }) => jobId);
        const before = waiting.filter((place) => place.priority >= priority).length;
        expect(order).toEqual([...waiting.map(({ jobId }) => jobId).toSpliced(before, 0, 'new')]);
        // … and with the same turns as before.
        expect(all.map((place) => place.virtualStart)).toEqual([...waiting.map((place) => place.virtualStart), 1000n]);
      }),
    );
  });
});

describe('a job that is moved', () => {
  const queued = [3, 0, 0, -2].map((priority, index) => ({
    jobId: 'abcd'[index] ?? '',
    model: 'm',
    priority,
    virtualStart: BigInt(10 * index),
  }));

  it('exchanges start tags with those that it passes, and with no others', () => {
    const { order, changed } = moveTo(queued, 'c', { before: 'b' });
    expect(order).toEqual(['a', 'c', 'b', 'd']);
    expect(changed.map(({ jobId, virtualStart }) => [jobId, virtualStart])).toEqual([
      ['c', 10n],
      ['b', 20n],
    ]);
    expect(moveTo(queued, 'b', { before: 'c' })).toEqual({ order: ['a', 'b', 'c', 'd'], changed: [] });
  });

  it('gets a priority of its new neighbours, so that later jobs queue as before', () => {
    const priorityOf = (id: string, place: Place) =>
      moveTo(queued, id, place).changed.find(({ jobId }) => jobId === id)?.priority;
    expect(priorityOf('d', 'first')).toBe(3);
    expect(priorityOf('d', { before: 'c' })).toBe(0);
    expect(priorityOf('a', 'last')).toBe(-2);
    expect(priorityOf('c', { before: 'b' })).toBe(0);
  });
});
