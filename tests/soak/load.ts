import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient } from '@easel/client';
import { randomOf } from '../kill/random.ts';

const picture = { num_inference_steps: 2, img_width: 64, img_height: 64 };

export type RequestKind = 'a picture' | 'a read';

export interface UseOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onRequest: (kind: RequestKind, ms: number) => void;
}

/** What customers do all day, one after the other, until the signal: pictures on every surface, looks at them, and second thoughts. */
export async function useAllDay(
  server: { readonly url: string; readonly devKey: string },
  { seed, signal, onRequest }: UseOptions,
): Promise<void> {
  const random = randomOf(seed);
  const client = new EaselClient({ baseUrl: server.url, apiKey: server.devKey });
  const timed = async <Result>(kind: RequestKind, work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await work();
    onRequest(kind, performance.now() - began);
    return result;
  };
  const post = async (path: string, body: object) => {
    const headers = { 'x-api-key': server.devKey, 'content-type': 'application/json' };
    const reply = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${path} was answered ${reply.status}: ${text}`);
  };
  const kinds = [
    () =>
      timed('a picture', () =>
        post('/v1/playground-v2.5', { ...picture, num_inference_steps: 20, prompt: 'a pear', base64: false }),
      ),
    () =>
      timed('a picture', () =>
        post('/v1/images/generations', { prompt: 'a plum', size: '64x64', num_inference_steps: 2 }),
      ),
    async () => {
      const job = await timed('a picture', () => client.jobs.run({ ...picture, prompt: 'an apple', preview: true }));
      for (const { id } of job.images) await timed('a read', () => client.images.get(id));
      await timed('a read', () => client.jobs.list({ limit: 20 }));
      if (random() < 0.3) await client.jobs.forget(job.id);
    },
    async () => {
      const { id } = await client.jobs.create({ ...picture, prompt: 'a second thought' });
      await client.jobs.cancel(id);
    },
    () => timed('a read', () => client.account.credits()),
    () => timed('a read', () => client.account.price({})),
  ];
  while (!signal.aborted) {
    await kinds[Math.floor(random() * kinds.length)]?.();
    await sleep(1);
  }
}
