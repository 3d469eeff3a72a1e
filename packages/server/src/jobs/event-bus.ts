import { sql } from 'kysely';
import type { Database, DatabaseAddress } from '../database/database.ts';
import {
  CANCEL_CHANNEL,
  EVENT_CHANNEL,
  KEY_CHANNEL,
  Listener,
  QUEUE_CHANNEL,
  WEBHOOK_CHANNEL,
} from '../database/notifications.ts';
import { type JobEvent, type JobNews, parseNews, toEventRow } from './job-events.ts';

export interface EventBusOptions {
  readonly database: Database;
  readonly address: DatabaseAddress;
  /** The bus reconnects by itself. */
  readonly onConnectionLost: (error: unknown) => void;
}

/**
 * Notices between the processes, by LISTEN and NOTIFY; the events themselves are rows. A notice may be lost with a connection, so
 * callers also poll now and then.
 */
export class EventBus {
  readonly #database: Database;
  readonly #onError: (error: unknown) => void;
  readonly #listener: Listener;
  readonly #listeners = new Set<(news: JobNews | null) => void>();
  readonly #cancels = new Map<string, Set<() => void>>();
  readonly #keyWatches = new Map<string, Set<() => void>>();
  readonly #queueWatches = new Set<() => void>();
  readonly #webhookWatches = new Set<() => void>();

  constructor({ database, address, onConnectionLost }: EventBusOptions) {
    this.#database = database;
    this.#onError = onConnectionLost;
    this.#listener = new Listener({
      address,
      channels: [EVENT_CHANNEL, CANCEL_CHANNEL, KEY_CHANNEL, QUEUE_CHANNEL, WEBHOOK_CHANNEL],
      onNotice: (channel, payload) => this.#onNotice(channel, payload),
      onReconnected: () => this.#catchUp(),
      onConnectionLost,
    });
  }

  /** @throws when the database does not answer */
  start(): Promise<void> {
    return this.#listener.start();
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  /** Stores an event and tells its followers. In one statement, without a transaction: this runs ten times a second for each job. */
  async publish(jobId: string, event: JobEvent): Promise<void> {
    const { kysely } = this.#database;
    await kysely
      .with('added', (queries) => queries.insertInto('job_events').values(toEventRow(jobId, event)).returning('job_id'))
      .selectFrom('added')
      .innerJoin('jobs', 'jobs.id', 'added.job_id')
      // The same as `newsText` in job-events.ts.
      .select(sql`pg_notify(${EVENT_CHANNEL}, concat_ws(' ', job_id, account_id, ${event.kind}::text))`.as('told'))
      .execute();
  }

  /** Calls back for everything that happens to any job; with null when notices may have been lost. @returns the subscription */
  onNews(callback: (news: JobNews | null) => void): Disposable {
    this.#listeners.add(callback);
    return { [Symbol.dispose]: () => this.#listeners.delete(callback) };
  }

  /** Calls back at most once, when the job is cancelled. @returns the subscription */
  onCancel(jobId: string, callback: () => void): Disposable {
    membersOf(this.#cancels, jobId).add(callback);
    return { [Symbol.dispose]: () => removeMember(this.#cancels, jobId, callback) };
  }

  /** Calls back whenever the key may have been revoked or changed. @returns the subscription */
  onKeyChange(keyId: string, callback: () => void): Disposable {
    membersOf(this.#keyWatches, keyId).add(callback);
    return { [Symbol.dispose]: () => removeMember(this.#keyWatches, keyId, callback) };
  }

  /** Calls back whenever the queue may have been paused or resumed. @returns the subscription */
  onQueueChange(callback: () => void): Disposable {
    this.#queueWatches.add(callback);
    return { [Symbol.dispose]: () => this.#queueWatches.delete(callback) };
  }

  /** Calls back whenever webhooks may have to be sent. @returns the subscription */
  onWebhooks(callback: () => void): Disposable {
    this.#webhookWatches.add(callback);
    return { [Symbol.dispose]: () => this.#webhookWatches.delete(callback) };
  }

  #onNotice(channel: string, payload: string): void {
    if (channel === EVENT_CHANNEL) this.#tell(parseNews(payload));
    else if (channel === CANCEL_CHANNEL) this.#cancel(payload);
    else if (channel === KEY_CHANNEL) this.#keyChanged(payload);
    else if (channel === WEBHOOK_CHANNEL) this.#webhooksAdded();
    else this.#queueChanged();
  }

  #keyChanged(keyId: string): void {
    for (const callback of this.#keyWatches.get(keyId) ?? []) callback();
  }

  #queueChanged(): void {
    for (const callback of this.#queueWatches) callback();
  }

  #webhooksAdded(): void {
    for (const callback of this.#webhookWatches) callback();
  }

  #tell(news: JobNews | null): void {
    for (const callback of this.#listeners) callback(news);
  }

  #cancel(jobId: string): void {
    const callbacks = this.#cancels.get(jobId) ?? [];
    this.#cancels.delete(jobId);
    for (const callback of callbacks) callback();
  }

  /** After a reconnect: notices may have been lost. */
  #catchUp(): void {
    this.#tell(null);
    for (const keyId of this.#keyWatches.keys()) this.#keyChanged(keyId);
    this.#queueChanged();
    this.#webhooksAdded();
    void this.#cancelMissed().catch(this.#onError);
  }

  async #cancelMissed(): Promise<void> {
    const watched = [...this.#cancels.keys()];
    if (watched.length === 0) return;
    const cancelled = await this.#database.kysely
      .selectFrom('jobs')
      .select('id')
      .where('id', 'in', watched)
      .where('state', '=', 'cancelled')
      .execute();
    for (const { id } of cancelled) this.#cancel(id);
  }
}

/** The set of that id in a map whose sets are there only while they have members; made when it is not there. */
export function membersOf<Member>(all: Map<string, Set<Member>>, id: string): Set<Member> {
  const present = all.get(id);
  if (present !== undefined) return present;
  const members = new Set<Member>();
  all.set(id, members);
  return members;
}

/** Removes a member, and the set with its last one. */
export function removeMember<Member>(all: Map<string, Set<Member>>, id: string, member: Member): void {
  const members = all.get(id);
  members?.delete(member);
  if (members?.size === 0) all.delete(id);
}
