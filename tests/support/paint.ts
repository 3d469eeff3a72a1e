import { expect } from 'vitest';
import type { EaselServer } from './easel-server.ts';

const small = { num_inference_steps: 2, img_width: 64, img_height: 64 };

/** Asks for small pictures. @returns what resolves when they are there */
export async function submit({ url, devKey }: EaselServer, body: object): Promise<() => Promise<unknown>> {
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const reply = await fetch(`${url}/api/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...small, ...body }),
  });
  expect(reply.status).toBe(202);
  const { id }: { id: string } = JSON.parse(await reply.text());
  return () => fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
}

/** Generates small pictures and waits for them. */
export async function paint(server: EaselServer, body: object): Promise<void> {
  await (await submit(server, body))();
}

/** In this order; the last is the newest. */
export async function paintAll(server: EaselServer, bodies: readonly object[]): Promise<void> {
  const jobs: (() => Promise<unknown>)[] = [];
  for (const body of bodies) jobs.push(await submit(server, body));
  for (const until of jobs) await until();
}
