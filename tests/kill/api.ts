import { type Credits, creditsSchema, type Job, jobSchema, type LedgerEntry, ledgerPageSchema } from '@easel/contract';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';

/** The few calls that the kill test makes. */
export interface Api {
  submit(idempotencyKey: string, body: object): Promise<Job>;
  job(id: string): Promise<Job>;
  /** All of it, newest first. */
  ledger(): Promise<LedgerEntry[]>;
  credits(): Promise<Credits>;
  /** The bytes of a picture, wherever the server listens now. */
  imageBytes(url: string): Promise<number>;
}

export function apiOf(baseUrl: () => string, key: string): Api {
  async function call<Schema extends TSchema>(schema: Schema, path: string, init: RequestInit = {}) {
    const headers = { 'x-api-key': key, 'content-type': 'application/json', ...init.headers };
    const reply = await fetch(`${baseUrl()}${path}`, { ...init, headers });
    const body: unknown = await reply.json();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${JSON.stringify(body)}`);
    if (!fits(schema, body)) throw new Error(`${path} does not keep its contract: ${JSON.stringify(body)}`);
    return body;
  }
  async function ledgerFrom(cursor: string | null): Promise<LedgerEntry[]> {
    const page = await call(ledgerPageSchema, `/api/ledger?limit=100${cursor === null ? '' : `&cursor=${cursor}`}`);
    return page.next_cursor === null ? page.entries : [...page.entries, ...(await ledgerFrom(page.next_cursor))];
  }
  return {
    submit: (idempotencyKey, body) =>
      call(jobSchema, '/api/jobs', {
        method: 'POST',
        headers: { 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
      }),
    job: (id) => call(jobSchema, `/api/jobs/${id}`),
    ledger: () => ledgerFrom(null),
    credits: () => call(creditsSchema, '/api/credits'),
    async imageBytes(url) {
      const reply = await fetch(`${baseUrl()}${new URL(url).pathname}`);
      if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
      return (await reply.arrayBuffer()).byteLength;
    },
  };
}

function fits<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  return Check(schema, value);
}
