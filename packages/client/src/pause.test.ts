import { expect, test } from 'vitest';
import { pause } from './pause.ts';

test('an abort ends a pause, before it and in it, with its reason', async () => {
  const reason = new Error('enough');
  await expect(pause(600_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const leaving = new AbortController();
  const waiting = pause(600_000, leaving.signal);
  leaving.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(pause(0, new AbortController().signal)).resolves.toBeUndefined();
});
