import { expect, test } from 'vitest';
import { EventQueue, SlowReader } from './event-queue.ts';

const isStep = (item: string) => item.startsWith('step');

async function read(queue: EventQueue<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

test('a reader gets what was pushed, in order, whether it waited for it or not', async () => {
  const queue = new EventQueue(isStep);
  queue.push('started');
  const reading = read(queue);
  await Promise.resolve();
  queue.push('step 1');
  queue.push('end');
  queue.finish();
  queue.push('too late');
  expect(await reading).toEqual(['started', 'step 1', 'end']);
});

test('a slow reader loses the oldest steps and nothing else', async () => {
  const queue = new EventQueue(isStep, 3);
  for (const item of ['started', 'step 1', 'step 2', 'step 3', 'end']) queue.push(item);
  queue.finish();
  expect(await read(queue)).toEqual(['started', 'step 3', 'end']);
});

test('a reader whose queue is full of what must not be lost is told to come back', async () => {
  const queue = new EventQueue(isStep, 2);
  for (const item of ['end 1', 'end 2', 'end 3']) queue.push(item);
  expect(queue.isEnded).toBe(true);
  await expect(read(queue)).rejects.toBeInstanceOf(SlowReader);
});

test('a queue that failed ends its reader at once with the reason', async () => {
  const queue = new EventQueue(isStep);
  const reading = read(queue);
  queue.fail(new Error('gone'));
  await expect(reading).rejects.toThrow('gone');
});
