import type { EaselClient } from '@easel/client';
import type { AccountEvent } from '@easel/contract';
import { withEvent } from './run.ts';

export interface AccountListener {
  readonly onEvent: (event: AccountEvent) => void;
  /** Called whenever the connection is made or lost. */
  readonly onConnection: (isConnected: boolean) => void;
}

export interface AccountFollowing extends AccountListener {
  readonly client: EaselClient;
  /** The same in all tabs that use the same account, and in no other. */
  readonly room: string;
  readonly signal: AbortSignal;
}

type Message =
  | { readonly kind: 'event'; readonly event: AccountEvent; readonly lastEventId: string }
  | { readonly kind: 'connection'; readonly isConnected: boolean }
  /** Asks the leading tab for the current state. */
  | { readonly kind: 'hello' };

interface Told {
  readonly event: AccountEvent['event'];
  readonly message: Extract<Message, { kind: 'event' }>;
}

const kinds: readonly Message['kind'][] = ['event', 'connection', 'hello'];

/** A leading tab that does not answer for this long has been suspended by its browser. */
const ANSWER_MS = 5000;

/**
 * Follows the jobs of an account until the signal is aborted. A browser opens at most six HTTP/1.1 connections to a server, for all
 * tabs together (HTML standard, EventSource), so all tabs share one: the tab that holds a lock has the connection and forwards the
 * events to the others. When it is closed, the next tab resumes after the last event it received. Over plain HTTP from another machine
 * there are no locks; each tab then has a connection of its own.
 *
 * @throws EaselError when the key may not read the events
 */
export async function followAccount(following: AccountFollowing): Promise<void> {
  if ('locks' in navigator && 'BroadcastChannel' in window) await new SharedFollowing(following).run();
  else await lead(following, undefined);
}

async function lead(
  {
    client,
    signal,
    onEvent,
    onConnection,
  }: Omit<AccountFollowing, 'room' | 'onEvent'> & {
    readonly onEvent: (event: AccountEvent, lastEventId: string) => void;
  },
  lastSeen: string | undefined,
): Promise<void> {
  const options = { signal, patienceMs: Number.POSITIVE_INFINITY, onConnection, lastEventId: lastSeen };
  for await (const { lastEventId, ...event } of client.events(options)) onEvent(event, lastEventId);
}

class SharedFollowing {
  readonly #following: AccountFollowing;
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  /** Of each job that has not ended: what tells how far it is. */
  readonly #latest = new Map<string, readonly Told[]>();
  #lastEventId: string | undefined;
  #isConnected = true;
  #isLeading = false;
  #leading = new AbortController();
  #unanswered: ReturnType<typeof setTimeout> | undefined;

  constructor(following: AccountFollowing) {
    this.#following = following;
    this.#name = `easel.events.${following.room}`;
    this.#channel = new BroadcastChannel(this.#name);
  }

  async run(): Promise<void> {
    const { signal } = this.#following;
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isMessage(data)) this.#receive(data);
    });
    document.addEventListener('visibilitychange', this.#findLeader);
    try {
      this.#findLeader();
      while (!signal.aborted) await this.#waitAndLead(false);
    } finally {
      clearTimeout(this.#unanswered);
      document.removeEventListener('visibilitychange', this.#findLeader);
      this.#channel.close();
    }
  }

  /** Asks for the leading tab; if none answers, this tab takes the lead. */
  readonly #findLeader = () => {
    if (document.hidden || this.#isLeading) return;
    this.#channel.postMessage({ kind: 'hello' } satisfies Message);
    clearTimeout(this.#unanswered);
    this.#unanswered = setTimeout(() => {
      if (!this.#isLeading && !this.#following.signal.aborted) void this.#waitAndLead(true).catch(() => {});
    }, ANSWER_MS);
  };

  /** @param isSteal takes the lock from a suspended tab that holds it */
  async #waitAndLead(isSteal: boolean): Promise<void> {
    const { signal } = this.#following;
    try {
      const options = isSteal ? { steal: true } : { signal };
      await navigator.locks.request(this.#name, options, () => this.#lead());
    } catch (error) {
      // The tab that stole the lock leads now.
      const isStolen = error instanceof DOMException && error.name === 'AbortError';
      this.#leading.abort();
      if (!isStolen && !signal.aborted) throw error;
    }
  }

  async #lead(): Promise<void> {
    const { client, onConnection } = this.#following;
    this.#leading = new AbortController();
    const signal = AbortSignal.any([this.#following.signal, this.#leading.signal]);
    this.#isLeading = true;
    clearTimeout(this.#unanswered);
    try {
      await lead(
        {
          client,
          signal,
          onConnection: (isConnected) => {
            this.#isConnected = isConnected;
            this.#send({ kind: 'connection', isConnected });
            onConnection(isConnected);
          },
          onEvent: (event, lastEventId) => {
            const message = { kind: 'event', event, lastEventId } as const;
            this.#receive(message);
            this.#send(message);
          },
        },
        this.#lastEventId,
      );
    } finally {
      this.#isLeading = false;
    }
  }

  #receive(message: Message): void {
    if (message.kind === 'hello') {
      if (!this.#isLeading) return;
      this.#send({ kind: 'connection', isConnected: this.#isConnected });
      for (const told of this.#latest.values()) for (const { message: each } of told) this.#send(each);
      return;
    }
    clearTimeout(this.#unanswered);
    if (message.kind === 'connection') {
      this.#isConnected = message.isConnected;
      this.#following.onConnection(message.isConnected);
      return;
    }
    const { event, lastEventId } = message;
    this.#lastEventId = lastEventId;
    const { id } = event.data.job;
    const isLast = event.event === 'succeeded' || event.event === 'failed' || event.event === 'cancelled';
    if (isLast) this.#latest.delete(id);
    else this.#latest.set(id, withEvent(this.#latest.get(id) ?? [], { event: event.event, message }));
    this.#following.onEvent(event);
  }

  #send(message: Message): void {
    if (!this.#following.signal.aborted) this.#channel.postMessage(message);
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.some((kind) => kind === value.kind);
}
