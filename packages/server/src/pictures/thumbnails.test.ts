import { expect, test } from 'vitest';
import type { OwnedImage } from './images.ts';
import { Thumbnails } from './thumbnails.ts';

const library = { read: async (name: string) => Buffer.from(name) };
const patient = () => new AbortController().signal;

function picture(name: string, accountId = 'one', device: OwnedImage['device'] = 'cpu'): OwnedImage {
  return {
    ...{ name, accountId, device, jobId: 'job', index: 0, format: 'jpeg', width: 64, height: 64, bytes: 1 },
    ...{ sha256: null, seed: 1, isStored: true, createdAt: new Date(0), expiresAt: new Date(1) },
  };
}

/** Thumbnails that are made when the test says so. */
function thumbnailsOnDemand(options: { readonly atOnce?: number; readonly patienceMs?: number } = {}) {
  const begun: { readonly name: string; readonly finish: () => void }[] = [];
  const thumbnails = new Thumbnails({
    library,
    shrink: (file, _width, { name }) =>
      new Promise((resolve) => begun.push({ name, finish: () => resolve(file.subarray(0, 1)) })),
    ...options,
  });
  return { thumbnails, begun, names: () => begun.map(({ name }) => name) };
}

test('only so many are made at the same time, and accounts take turns, however many one of them asks for', async () => {
  const { thumbnails, begun, names } = thumbnailsOnDemand({ atOnce: 2 });
  const many = ['a', 'b', 'c', 'd', 'e'].map((name) => thumbnails.of(picture(name), 160, patient()));
  const other = thumbnails.of(picture('x', 'two'), 160, patient());
  await expect.poll(names).toEqual(['a', 'b']);
  begun[0]?.finish();
  await expect.poll(names).toEqual(['a', 'b', 'x']);
  for (let next = 1; next < 6; next += 1) {
    await expect.poll(() => begun.length).toBeGreaterThan(next);
    begun[next]?.finish();
  }
  expect((await Promise.all([...many, other])).map(String)).toEqual(['a', 'b', 'c', 'd', 'e', 'x']);
});

test('imported pictures, which take long, hold up only each other', async () => {
  const { thumbnails, begun, names } = thumbnailsOnDemand();
  const imported = ['a', 'b'].map((name) => thumbnails.of(picture(name, 'one', null), 160, patient()));
  await expect.poll(names).toEqual(['a']);
  const own = thumbnails.of(picture('x'), 160, patient());
  await expect.poll(names).toEqual(['a', 'x']);
  for (const { finish } of begun) finish();
  await own;
  await expect.poll(names).toEqual(['a', 'x', 'b']);
  begun[2]?.finish();
  await Promise.all(imported);
});

test('one is made once for all who ask for it at the same time, and kept for those who ask later', async () => {
  const { thumbnails, begun } = thumbnailsOnDemand();
  const leaving = new AbortController();
  const asked = [patient(), patient()].map((signal) => thumbnails.of(picture('a'), 160, signal));
  const left = thumbnails.of(picture('a'), 160, leaving.signal);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await expect.poll(() => begun.length).toBe(1);
  begun[0]?.finish();
  await Promise.all(asked);
  await thumbnails.of(picture('a'), 160, patient());
  expect(begun).toHaveLength(1);
});

test('what nobody waits for any more is not made, and made for whoever asks again', async () => {
  const { thumbnails, begun, names } = thumbnailsOnDemand({ atOnce: 1 });
  const first = thumbnails.of(picture('a'), 160, patient());
  const leaving = new AbortController();
  const left = thumbnails.of(picture('b'), 160, leaving.signal);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  const next = thumbnails.of(picture('c'), 160, patient());
  const again = thumbnails.of(picture('b'), 160, patient());
  for (let made = 0; made < 3; made += 1) {
    await expect.poll(() => begun.length).toBe(made + 1);
    begun[made]?.finish();
  }
  await Promise.all([first, next, again]);
  expect(names()).toEqual(['a', 'c', 'b']);
});

test('who waits too long is refused', async () => {
  const { thumbnails, begun } = thumbnailsOnDemand({ atOnce: 1, patienceMs: 5 });
  const first = thumbnails.of(picture('a'), 160, patient());
  await expect(thumbnails.of(picture('b'), 160, patient())).rejects.toMatchObject({
    code: 'overloaded',
    message: 'too many thumbnails are being made at the same time',
  });
  begun[0]?.finish();
  await first;
});
