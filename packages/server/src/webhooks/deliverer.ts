import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { ServerSecret } from '../keys/server-secret.ts';
import { type AttemptOutcome, attemptDelivery } from './attempt.ts';
import {
  type AfterAttempt,
  type ClaimedDelivery,
  claimDelivery,
  type DeliveryRecord,
  releaseDelivery,
  settleAttempt,
} from './deliveries.ts';
import { disableEndpoint, secretStateOfDelivery } from './endpoints.ts';
import { signedHeaders, signingSecrets } from './signature.ts';
import type { WebhookTargets } from './targets.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pauses before the attempts (Standard Webhooks 1.0, "Deliverability and reliability"): ten within three days. */
const pauses = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** The part of a pause by which it may be longer, so that an endpoint that was away is not asked for everything at once. */
const JITTER = 0.1;

/**
 * When a delivery is sent next.
 *
 * @param tries how often it was sent, the attempt that has just ended included
 * @param random 0 … 1
 */
export function afterAttempt(
  tries: number,
  { status, error, retryAfterMs }: Pick<AttemptOutcome, 'status' | 'error' | 'retryAfterMs'>,
  { now, random }: { readonly now: Date; readonly random: number },
): AfterAttempt {
  if (error === null) return { state: 'delivered', endedAt: now };
  const pause = pauses[tries];
  if (status === GONE || pause === undefined) return { state: 'failed', endedAt: now };
  const wait = Math.max(pause * (1 + JITTER * random), retryAfterMs ?? 0);
  return { state: 'pending', nextAttemptAt: new Date(now.getTime() + wait) };
}

const GONE = 410;

export interface DelivererParts {
  readonly database: Pick<Database, 'transaction'>;
  readonly bus: { onWebhooks(callback: () => void): Disposable };
  readonly clock: Clock;
  readonly secret: ServerSecret;
  readonly targets: WebhookTargets;
  /** Is told of errors after which it goes on, and of deliveries that are given up. Never of an address: it may contain a secret. */
  readonly report: (level: 'info' | 'warn', message: string, details: Readonly<Record<string, unknown>>) => void;
  readonly onAttempt?: (result: 'delivered' | 'failed') => void;
}

export interface DelivererOptions {
  /** For one attempt. */
  readonly timeoutMs?: number;
  /** After which an attempt of a server that has died is made again; longer than an attempt can take. */
  readonly leaseMs?: number;
  /** How often it looks by itself: retries become due, and a notice may be lost. */
  readonly pollMs?: number;
}

/** Attempts at the same time, in all and of one account: a slow endpoint holds up no others. */
const SLOTS = 32;
const SLOTS_PER_ACCOUNT = 4;
/** How long attempts under way may go on when the server stops. */
const LAST_ATTEMPTS_MS = 3000;

/** Sends webhooks until it is stopped. Any number of servers may do so on one database. */
export class WebhookDeliverer {
  readonly #parts: DelivererParts;
  readonly #timeoutMs: number;
  readonly #leaseMs: number;
  readonly #pollMs: number;
  readonly #stopping = new AbortController();
  readonly #cutting = new AbortController();
  /** The attempts under way, by the id of the delivery. */
  readonly #underWay = new Map<string, { readonly accountId: string; readonly done: Promise<void> }>();
  #running: Promise<void> = Promise.resolve();
  #watch: Disposable | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(
    parts: DelivererParts,
    { timeoutMs = 15_000, leaseMs = timeoutMs + 45_000, pollMs = 1000 }: DelivererOptions = {},
  ) {
    this.#parts = parts;
    this.#timeoutMs = timeoutMs;
    this.#leaseMs = leaseMs;
    this.#pollMs = pollMs;
  }

  start(): void {
    this.#watch = this.#parts.bus.onWebhooks(() => this.wake());
    this.#running = this.#run();
  }

  /** Looks for what is due, as after the clock was set. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Attempts under way have some seconds to end; those that do not are made again by whoever comes next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watch?.[Symbol.dispose]();
    this.wake();
    await this.#running;
    const cut = setTimeout(() => this.#cutting.abort(), LAST_ATTEMPTS_MS);
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
    clearTimeout(cut);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      try {
        await this.#sendDue();
      } catch (error) {
        this.#parts.report('warn', 'webhooks could not be read from the database; retrying', { err: error });
      }
      if (signal.aborted) return;
      const timer = setTimeout(() => this.wake(), this.#pollMs);
      await this.#wake.promise;
      clearTimeout(timer);
    }
  }

  async #sendDue(): Promise<void> {
    let isMore = true;
    while (isMore && !this.#stopping.signal.aborted && this.#underWay.size < SLOTS) isMore = await this.#sendNext();
  }

  /** Begins an attempt of the delivery that has been due for longest. @returns false when none is due */
  async #sendNext(): Promise<boolean> {
    const { database, clock } = this.#parts;
    const claim = { now: clock.now(), leaseMs: this.#leaseMs, busy: this.#busyAccounts() };
    const claimed = await database.transaction((queries) => claimDelivery(queries, claim));
    if (claimed === null) return false;
    const { id, accountId } = claimed.delivery;
    const done = this.#deliver(claimed)
      .catch((error: unknown) =>
        this.#parts.report('warn', 'the outcome of a webhook could not be stored; it is sent again', {
          deliveryId: id,
          err: error,
        }),
      )
      .finally(() => {
        this.#underWay.delete(id);
        this.wake();
      });
    this.#underWay.set(id, { accountId, done });
    return true;
  }

  #busyAccounts(): string[] {
    const accounts = Map.groupBy(this.#underWay.values(), ({ accountId }) => accountId);
    return [...accounts].filter(([, attempts]) => attempts.length >= SLOTS_PER_ACCOUNT).map(([id]) => id);
  }

  async #deliver({ delivery, body }: ClaimedDelivery): Promise<void> {
    const { database } = this.#parts;
    try {
      await this.#settle(delivery, await this.#attempt(delivery, body));
    } catch (error) {
      if (!this.#cutting.signal.aborted) throw error;
      await database.transaction((queries) => releaseDelivery(queries, delivery));
    }
  }

  async #attempt(delivery: DeliveryRecord, body: string): Promise<AttemptOutcome> {
    const { database, clock, secret, targets } = this.#parts;
    const state = await database.transaction((queries) => secretStateOfDelivery(queries, delivery));
    if (state === null) {
      return { status: null, error: 'the endpoint was deleted', response: null, retryAfterMs: null, seconds: 0 };
    }
    const now = clock.now();
    const headers = signedHeaders(signingSecrets(secret, state, now), { id: `msg_${delivery.id}`, at: now, body });
    return attemptDelivery(
      { url: delivery.url, headers, body },
      { targets, timeoutMs: this.#timeoutMs, signal: this.#cutting.signal, now },
    );
  }

  async #settle(delivery: DeliveryRecord, outcome: AttemptOutcome): Promise<void> {
    const { database, clock, report, onAttempt } = this.#parts;
    const now = clock.now();
    const after = afterAttempt(delivery.tries, outcome, { now, random: Math.random() });
    const { endpointId } = delivery;
    const isSettled = await database.transaction(async (queries) => {
      const isCurrent = await settleAttempt(queries, delivery, outcome, after);
      if (isCurrent && outcome.status === GONE && endpointId !== null) {
        await disableEndpoint(queries, endpointId, 'it answered 410 Gone', now);
      }
      return isCurrent;
    });
    onAttempt?.(outcome.error === null ? 'delivered' : 'failed');
    if (!isSettled || after.state !== 'failed') return;
    const { id, event, jobId, attempts } = delivery;
    const details = {
      deliveryId: id,
      endpointId,
      event,
      jobId,
      attempts,
      status: outcome.status,
      reason: outcome.error,
    };
    report('warn', 'a webhook was given up', details);
  }
}
