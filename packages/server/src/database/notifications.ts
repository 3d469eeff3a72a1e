import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Client } from 'pg';
import { connectionSettings, type DatabaseAddress, type Queries } from './database.ts';

/** Channels of NOTIFY (PostgreSQL, NOTIFY). The payload is the id of a job or a key, or empty; that of an event is `newsText`'s. */
export const EVENT_CHANNEL = 'easel_events';
export const CANCEL_CHANNEL = 'easel_cancel';
export const KEY_CHANNEL = 'easel_keys';
export const QUEUE_CHANNEL = 'easel_queue';
export const WEBHOOK_CHANNEL = 'easel_webhooks';

/** Is delivered when the transaction is committed. */
export async function notify(queries: Queries, channel: string, payload = ''): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(queries);
}

/** As `notify`, several at once. */
export async function notifyAll(queries: Queries, channel: string, payloads: readonly string[]): Promise<void> {
  if (payloads.length === 0) return;
  await sql`select pg_notify(${channel}, payload) from unnest(${[...payloads]}::text[]) as payload`.execute(queries);
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Finds out about a connection that was cut silently. */
const HEARTBEAT_MS = 15_000;
const QUERY_TIMEOUT_MS = 5000;

export interface ListenerOptions {
  readonly address: DatabaseAddress;
  readonly channels: readonly string[];
  readonly onNotice: (channel: string, payload: string) => void;
  /** Called whenever it listens again: notices may have been missed. */
  readonly onReconnected: () => void;
  readonly onConnectionLost: (error: unknown) => void;
}

/** One connection that only listens (LISTEN belongs to a session, so a pool will not do) and is opened again when it breaks. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** @throws what the first connection fails with */
  async start(): Promise<void> {
    this.#running = this.#keepConnected(await this.#connect());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client?.end().catch(() => {});
    await this.#running;
  }

  async #keepConnected(first: Connection): Promise<void> {
    const { signal } = this.#closing;
    let lost = first.lost;
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const error = await lost;
      if (signal.aborted) return;
      this.#options.onConnectionLost(error);
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        lost = (await this.#connect()).lost;
        pause = FIRST_PAUSE_MS;
        this.#options.onReconnected();
      } catch (failure) {
        lost = Promise.resolve(failure);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
  }

  async #connect(): Promise<Connection> {
    const client = new Client({
      ...connectionSettings(this.#options.address),
      query_timeout: QUERY_TIMEOUT_MS,
    });
    const { promise: broken, resolve } = Promise.withResolvers<unknown>();
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('the connection that listens was closed')));
    client.on('notification', ({ channel, payload }) => this.#options.onNotice(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.#options.channels) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    const heartbeat = setInterval(() => void client.query('select 1').catch(resolve), HEARTBEAT_MS).unref();
    const lost = broken.finally(() => {
      clearInterval(heartbeat);
      void client.end().catch(() => {});
    });
    return { lost };
  }
}

interface Connection {
  /** Resolves when the connection has ended, with the reason. */
  readonly lost: Promise<unknown>;
}
