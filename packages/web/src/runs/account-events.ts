import type { EaselClient } from '@easel/client';
import type { AccountEvent } from '@easel/contract';

export interface AccountListener {
  readonly onEvent: (event: AccountEvent) => void;
  /** Told whether the server is heard, whenever that changes. */
  readonly onConnection: (isConnected: boolean) => void;
}

export interface AccountFollowing extends AccountListener {
  readonly client: EaselClient;
  /** The same in all tabs that act for the same account, and in no other. */
  readonly room: string;
  readonly signal: AbortSignal;
}

type Message =
  | { readonly kind: 'event'; readonly event: AccountEvent; readonly place: string }
  | { readonly kind: 'connection'; readonly isConnected: boolean }
  /** Asks the tab that leads to say how things are. */
  | { readonly kind: 'hello' };

const kinds: readonly Message['kind'][] = ['event', 'connection', 'hello'];

/** A tab that leads and does not answer for so long has been put to sleep by its browser. */
const ANSWER_MS = 5000;

/**
 * What happens to the jobs of an account, for as long as the signal lets it. A browser opens six connections to a server by HTTP/1.1,
 * for all tabs together (HTML standard, EventSource), so all tabs share one: the one that holds a lock has the connection and tells
 * the others. When it is closed the next one goes on after the last event that it was told. By plain http from another machine there
 * are no locks; then each tab has a connection of its own.
 *
 * @throws EaselError when the key may not follow
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
    readonly onEvent: (event: AccountEvent, place: string) => void;
  },
  place: string | undefined,
): Promise<void> {
  const options = { signal, patienceMs: Number.POSITIVE_INFINITY, onConnection, lastEventId: place };
  for await (const { lastEventId, ...event } of client.events(options)) onEvent(event, lastEventId);
}

class SharedFollowing {
  readonly #following: AccountFollowing;
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  /** The last event of each job that has not ended. */
  readonly #latest = new Map<string, Extract<Message, { kind: 'event' }>>();
  #place: string | undefined;
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
      if (isMessage(data)) this.#hear(data);
    });
    document.addEventListener('visibilitychange', this.#ask);
    try {
      this.#ask();
      while (!signal.aborted) await this.#waitAndLead(false);
    } finally {
      clearTimeout(this.#unanswered);
      document.removeEventListener('visibilitychange', this.#ask);
      this.#channel.close();
    }
  }

  /** Looks whether somebody leads; where nobody answers this tab does. */
  readonly #ask = () => {
    if (document.hidden || this.#isLeading) return;
    this.#channel.postMessage({ kind: 'hello' } satisfies Message);
    clearTimeout(this.#unanswered);
    this.#unanswered = setTimeout(() => {
      if (!this.#isLeading && !this.#following.signal.aborted) void this.#waitAndLead(true).catch(() => {});
    }, ANSWER_MS);
  };

  /** @param isSteal from a tab that holds the lock and sleeps */
  async #waitAndLead(isSteal: boolean): Promise<void> {
    const { signal } = this.#following;
    try {
      const options = isSteal ? { steal: true } : { signal };
      await navigator.locks.request(this.#name, options, () => this.#lead());
    } catch (error) {
      // Whoever has stolen the lock leads from now on.
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
            this.#tell({ kind: 'connection', isConnected });
            onConnection(isConnected);
          },
          onEvent: (event, place) => {
            const message = { kind: 'event', event, place } as const;
            this.#hear(message);
            this.#tell(message);
          },
        },
        this.#place,
      );
    } finally {
      this.#isLeading = false;
    }
  }

  #hear(message: Message): void {
    if (message.kind === 'hello') {
      if (!this.#isLeading) return;
      this.#tell({ kind: 'connection', isConnected: this.#isConnected });
      for (const event of this.#latest.values()) this.#tell(event);
      return;
    }
    clearTimeout(this.#unanswered);
    if (message.kind === 'connection') {
      this.#isConnected = message.isConnected;
      this.#following.onConnection(message.isConnected);
      return;
    }
    const { event, place } = message;
    this.#place = place;
    const isLast = event.event === 'succeeded' || event.event === 'failed' || event.event === 'cancelled';
    if (isLast) this.#latest.delete(event.data.job.id);
    else this.#latest.set(event.data.job.id, message);
    this.#following.onEvent(event);
  }

  #tell(message: Message): void {
    if (!this.#following.signal.aborted) this.#channel.postMessage(message);
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.some((kind) => kind === value.kind);
}
