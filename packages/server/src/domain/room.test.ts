import { expect, test } from 'vitest';
import { Room } from './room.ts';

const options = { capacity: 4, capacityPerOwner: 3, patienceMs: 600_000, refusal: 'full' };

test('who finds no room waits until somebody leaves, and an owner never takes more than a share', async () => {
  const room = new Room(options);
  const leaveA = await room.enter('a', 3);
  const entered: string[] = [];
  const moreOfA = room.enter('a', 1).then(() => entered.push('a'));
  const b = room.enter('b', 2).then(() => entered.push('b'));
  const leaveC = await room.enter('c', 1);
  leaveC();
  leaveC(); // counts once
  expect(entered).toEqual([]);
  leaveA();
  await Promise.all([moreOfA, b]);
  expect(entered).toEqual(['a', 'b']);
});

test('who waits too long is refused, and who goes away waits no longer', async () => {
  const room = new Room({ ...options, patienceMs: 5 });
  const leave = await room.enter('a', 3);
  await expect(room.enter('b', 2)).rejects.toMatchObject({ code: 'overloaded', message: 'full' });
  const patient = new Room(options);
  await patient.enter('a', 3);
  const gone = new AbortController();
  const waiting = patient.enter('b', 2, gone.signal);
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  leave();
  await room.enter('b', 2);
});

test('room is given back when the work fails', async () => {
  const room = new Room({ ...options, capacity: 1 });
  await expect(room.use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await room.use(async () => 'done')).toBe('done');
});
