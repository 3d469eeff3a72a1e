import { expect, test } from 'vitest';
import { heldCollections } from './held-collections.ts';
import { type Customer, useHttp } from './http-server.ts';

const http = useHttp();

/** A server that answers nobody about collections before it is let, and on which nobody waits for long. */
async function listening() {
  const seen = { handled: 0, gone: 0 };
  const { collections, release } = heldCollections(http().services.collections, () => {
    seen.handled += 1;
  });
  const onAnswered = ({ status }: { readonly status: number }) => {
    if (status === 499) seen.gone += 1;
  };
  const app = await http().build({ roomPatienceMs: 50, onAnswered }, { collections });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  /** Four requests of that account that are being handled. */
  const occupy = async ({ auth: headers }: Customer, signal: AbortSignal) => {
    const before = seen.handled;
    for (let request = 0; request < 4; request += 1)
      void fetch(`${url}/api/collections`, { headers, signal }).catch(() => {});
    await expect.poll(() => seen.handled).toBe(before + 4);
  };
  const ask = async ({ auth: headers }: Customer) => {
    const reply = await fetch(`${url}/api/credits`, { headers });
    return { status: reply.status, body: await reply.json() };
  };
  return { seen, occupy, ask, release };
}

test('only an account with its share of requests is told that it has too many; others that the server has, and administrators are let in', async () => {
  const { occupy, ask, release } = await listening();
  const [many, more, other] = [await http().customer(), await http().customer(), await http().customer()];
  const administrator = await http().customer({ scopes: ['admin'] });
  const { signal } = new AbortController();
  await occupy(many, signal);
  const own = { code: 'rate_limited', detail: 'this account has too many requests at the same time' };
  expect(await ask(many)).toMatchObject({ status: 429, body: own });
  expect(await ask(other)).toMatchObject({ status: 200 });
  await occupy(more, signal);
  expect(await ask(many)).toMatchObject({ status: 429, body: own });
  expect(await ask(other)).toMatchObject({
    status: 503,
    body: { code: 'overloaded', detail: 'the server has too many requests at the same time' },
  });
  expect(await ask(administrator)).toMatchObject({ status: 200 });
  release();
  await expect.poll(() => ask(other)).toMatchObject({ status: 200 });
});

test('who goes away keeps his places until what he asked for has been done', async () => {
  const { seen, occupy, ask, release } = await listening();
  const other = await http().customer();
  const leaving = new AbortController();
  for (const account of [await http().customer(), await http().customer()]) await occupy(account, leaving.signal);
  leaving.abort();
  await expect.poll(() => seen.gone).toBe(8);
  expect(await ask(other)).toMatchObject({ status: 503 });
  release();
  await expect.poll(() => ask(other)).toMatchObject({ status: 200 });
});
