import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventStream, type ServerSentEvent } from './event-streams.ts';

const quiet = { heartbeatMs: 60_000, onError: () => {} };
const first: ServerSentEvent = { id: '1', event: 'step', data: { text: 'two\nlines' } };

test('events have their id, their name and data in one line, and the stream ends with the last one', async () => {
  async function* events() {
    yield first;
    yield { ...first, id: null, event: 'queued', data: 7 };
  }
  const text = (await eventStream(events(), quiet).toArray()).join('');
  expect(text).toBe(': connected\n\nid: 1\nevent: step\ndata: {"text":"two\\nlines"}\n\nevent: queued\ndata: 7\n\n');
});

test('there are signs of life between events', async () => {
  async function* events() {
    await sleep(100);
    yield first;
  }
  const text = (await eventStream(events(), { ...quiet, heartbeatMs: 10 }).toArray()).join('');
  expect(text).toMatch(/^: connected\n\n(: heartbeat\n\n)+id: 1/);
});

test('events that fail break the stream off and are reported; a client that leaves is not, and ends the events', async () => {
  const reported: unknown[] = [];
  const onError = (error: unknown) => reported.push(error);
  const failure = new Error('no more');
  async function* failing() {
    yield first;
    throw failure;
  }
  await expect(eventStream(failing(), { ...quiet, onError }).toArray()).rejects.toThrow('no more');
  expect(reported).toEqual([failure]);

  let isOver = false;
  async function* endless() {
    try {
      for (;;) yield first;
    } finally {
      isOver = true;
    }
  }
  const left = eventStream(endless(), { ...quiet, onError });
  left.destroy();
  await expect.poll(() => isOver).toBe(true);
  expect(reported).toEqual([failure]);
});
