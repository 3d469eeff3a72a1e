import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ReviewHook, reviewPictures } from '../../src/models/review.ts';
import { aRequest } from '../support/job-requests.ts';

const image = { bytes: Buffer.from('a picture'), seed: 1, width: 64, height: 64 };
const painting = { images: [image] };
const job = { id: 'job', request: aRequest() };

/** A module that never answers and does not look at its signal. */
function deaf(): { readonly hook: ReviewHook; readonly asked: Promise<AbortSignal> } {
  const { promise: asked, resolve } = Promise.withResolvers<AbortSignal>();
  return {
    asked,
    hook: {
      review(_image, signal) {
        resolve(signal);
        return new Promise(() => {});
      },
    },
  };
}

test('a review that never answers ends with its job, when that is cancelled or its worker stops', async () => {
  const { hook, asked } = deaf();
  const cancelling = new AbortController();
  const reviewing = reviewPictures(hook, job, painting, { signal: cancelling.signal });
  const told = await asked;
  cancelling.abort(new Error('cancelled'));
  await expect(reviewing).rejects.toThrow('cancelled');
  expect(told.aborted).toBe(true);
});

test('a review that takes too long ends the job, which no other attempt could help, and nothing is shown', async () => {
  const { hook, asked } = deaf();
  const { signal } = new AbortController();
  const reviewing = reviewPictures(hook, job, painting, { signal, patienceMs: 20 });
  await expect(reviewing).rejects.toMatchObject({
    name: 'DomainError',
    code: 'server_error',
    message: "this server's review of the picture took longer than 0.02 s; nothing was charged",
  });
  expect((await asked).aborted).toBe(true);
});

test('all pictures of a job are reviewed within one limit', async () => {
  const slow: ReviewHook = { review: () => sleep(20, { accept: true }) };
  const many = { images: Array.from({ length: 100 }, () => image) };
  const { signal } = new AbortController();
  const reviewing = reviewPictures(slow, job, many, { signal, patienceMs: 200 });
  await expect(reviewing).rejects.toThrow("this server's review of 100 pictures took longer than 0.2 s");
});
