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
  const waiting = patient.enter('b', 2, { signal: gone.signal });
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  leave();
  await room.enter('b', 2);
});

test('an owner who has taken his share is told so, and others that there is no room', async () => {
  const room = new Room({ ...options, patienceMs: 5, ownRefusal: 'yours' });
  await room.enter('a', 3);
  await expect(room.enter('a', 1)).rejects.toMatchObject({ code: 'rate_limited', message: 'yours' });
  await expect(room.enter('b', 2)).rejects.toMatchObject({ code: 'overloaded', message: 'full' });
  await room.enter('b', 1);
  await expect(room.enter('a', 1)).rejects.toMatchObject({ code: 'rate_limited' });
});

test('who has stayed for long is asked to leave when others have waited, but not for the fault of an owner who took his share', async () => {
  const room = new Room({ ...options, patienceMs: 15_000, stayMs: 1 });
  const asked: string[] = [];
  const stay = async (owner: string, amount: number) => {
    const leave = await room.enter(owner, amount, {
      onCrowded() {
        asked.push(owner);
        leave();
      },
    });
  };
  await stay('a', 1);
  await stay('b', 3);
  await expect(Promise.race([room.enter('c', 1), room.enter('b', 1)])).resolves.toBeTypeOf('function');
  await room.enter('b', 1);
  expect(asked.sort()).toEqual(['a', 'b']);
});

test('nobody is asked while nobody waits, nor who cannot be', async () => {
  const room = new Room({ ...options, patienceMs: 900, stayMs: 0 });
  await room.enter('a', 3);
  await room.enter('b', 1);
  await expect(room.enter('c', 1)).rejects.toMatchObject({ code: 'overloaded' });
});

test('who has taken least is let in first', async () => {
  const room = new Room({ ...options, capacityPerOwner: 4 });
  const [leave] = [await room.enter('a', 1), await room.enter('a', 3)];
  const entered: string[] = [];
  const ofA = room.enter('a', 1).then(() => entered.push('a'));
  const ofB = room.enter('b', 1).then((leaveB) => {
    entered.push('b');
    leaveB();
  });
  leave();
  await Promise.all([ofA, ofB]);
  expect(entered).toEqual(['b', 'a']);
});

test('room is given back when the work fails', async () => {
  const room = new Room({ ...options, capacity: 1 });
  await expect(room.use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await room.use(async () => 'done')).toBe('done');
});

test('owners take turns, however many are waiting for one of them', async () => {
  const room = new Room({ ...options, capacity: 1 });
  const leave = await room.enter('a', 1);
  const order: string[] = [];
  const waiting = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) =>
    room.use(async () => order.push(name), { owner: name.slice(0, 1) }),
  );
  leave();
  await Promise.all(waiting);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});
