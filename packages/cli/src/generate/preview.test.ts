import { expect, test } from 'vitest';
import { PreviewFeed } from './preview.ts';

test('previews that come while one is shown replace each other, and settled waits for the last', async () => {
  const shown: number[] = [];
  const feed = new PreviewFeed<number>(async (preview) => {
    await new Promise((resolve) => setImmediate(resolve));
    shown.push(preview);
  });
  for (const preview of [1, 2, 3, 4]) feed.update(preview);
  await feed.settled();
  expect(shown).toEqual([1, 4]);
});

test('one that cannot be shown keeps no later one from being shown', async () => {
  const shown: number[] = [];
  const feed = new PreviewFeed<number>(async (preview) => {
    if (preview === 1) throw new Error('damaged');
    shown.push(preview);
  });
  feed.update(1);
  await feed.settled();
  feed.update(2);
  await feed.settled();
  expect(shown).toEqual([2]);
});
