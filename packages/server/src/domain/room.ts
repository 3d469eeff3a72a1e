import { DomainError } from './domain-error.ts';

interface Waiting {
  readonly owner: string;
  readonly amount: number;
  readonly enter: () => void;
}

export interface RoomOptions {
  readonly capacity: number;
  /** What one owner may take of it; default: all. */
  readonly capacityPerOwner?: number;
  /** How long one may wait outside before being refused. */
  readonly patienceMs: number;
  /** What to tell those who are. */
  readonly refusal: string;
}

/**
 * What only so many may use at the same time, such as memory for large bodies: who finds no room waits outside, and one owner cannot
 * take all of it.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #taken = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /**
   * Resolves when there is room.
   *
   * @returns gives the room back; once, however often it is called
   * @throws DomainError `overloaded` when there is none for too long, or the signal's reason
   */
  async enter(owner: string, amount: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#hasRoom(owner, amount)) this.#add(owner, amount);
    else await this.#wait(owner, amount, signal);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#add(owner, -amount);
      this.#admit();
    };
  }

  /** Does the work when there is room for it. @throws as `enter`, or what the work throws */
  async use<Result>(work: () => Promise<Result>, { owner = '', signal }: UseOptions = {}): Promise<Result> {
    const leave = await this.enter(owner, 1, signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #wait(owner: string, amount: number, signal: AbortSignal | undefined): Promise<void> {
    const { patienceMs, refusal } = this.#options;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => giveUp(new DomainError('overloaded', refusal)), patienceMs);
      const gone = () => giveUp(signal?.reason);
      const waiting = { owner, amount, enter: () => settle(resolve) };
      const giveUp = (reason: unknown) => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        settle(() => reject(reason));
      };
      const settle = (end: () => void) => {
        clearTimeout(late);
        signal?.removeEventListener('abort', gone);
        end();
      };
      signal?.addEventListener('abort', gone, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** Lets in who waits, first come first served among those who have not taken their share. */
  #admit(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#total >= this.#options.capacity) return;
      if (!this.#hasRoom(waiting.owner, waiting.amount)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      this.#add(waiting.owner, waiting.amount);
      waiting.enter();
    }
  }

  #hasRoom(owner: string, amount: number): boolean {
    const { capacity, capacityPerOwner = capacity } = this.#options;
    return this.#total + amount <= capacity && (this.#taken.get(owner) ?? 0) + amount <= capacityPerOwner;
  }

  #add(owner: string, amount: number): void {
    this.#total += amount;
    const own = (this.#taken.get(owner) ?? 0) + amount;
    if (own === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, own);
  }
}

export interface UseOptions {
  readonly owner?: string;
  readonly signal?: AbortSignal;
}
