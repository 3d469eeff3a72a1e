import { DomainError } from './domain-error.ts';

interface Guest {
  readonly owner: string;
  readonly amount: number;
}

interface Waiting extends Guest {
  readonly since: number;
  readonly enter: () => void;
}

interface Inside extends Guest {
  readonly since: number;
  /** Asks to leave; undefined: cannot be asked, or was. */
  crowd: (() => void) | undefined;
}

export interface RoomOptions {
  readonly capacity: number;
  /** What one owner may take of it; default: all. */
  readonly capacityPerOwner?: number;
  /** How long one may wait outside before being refused. */
  readonly patienceMs: number;
  /** What to tell those who are. */
  readonly refusal: string;
  /** What to tell an owner who has taken that share, and so is refused by his own fault; default: the same as others. */
  readonly ownRefusal?: string;
  /** After which one who can be asked to leave is asked, when others have waited for a third of their patience; default: never. */
  readonly stayMs?: number;
}

export interface EnterOptions {
  readonly signal?: AbortSignal;
  /** Asked to leave, because others wait and one has had one's time. */
  readonly onCrowded?: () => void;
}

const LOOK_MS = 500;

/**
 * What only so many may use at the same time, such as memory for large bodies: who finds no room waits outside, one owner cannot
 * take all of it, and owners who wait take turns, however many are waiting for one of them.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #taken = new Map<string, number>();
  readonly #inside = new Set<Inside>();
  /** In the order of their turns. */
  #waiting: Waiting[] = [];
  #watch: NodeJS.Timeout | undefined;
  #total = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /**
   * Resolves when there is room.
   *
   * @returns gives the room back; once, however often it is called
   * @throws DomainError `overloaded` when there is none for too long, `rate_limited` when that is the owner's own fault and he is to be told
   *   so (`ownRefusal`); or the signal's reason
   */
  async enter(owner: string, amount: number, { signal, onCrowded }: EnterOptions = {}): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#hasRoom(owner, amount)) this.#add(owner, amount);
    else await this.#wait(owner, amount, signal);
    const inside: Inside = { owner, amount, since: performance.now(), crowd: onCrowded };
    this.#inside.add(inside);
    return () => {
      if (!this.#inside.delete(inside)) return;
      this.#add(owner, -amount);
      this.#admit();
    };
  }

  /** Does the work when there is room for it. @throws as `enter`, or what the work throws */
  async use<Result>(work: () => Promise<Result>, { owner = '', signal }: UseOptions = {}): Promise<Result> {
    const leave = await this.enter(owner, 1, signal && { signal });
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #wait(owner: string, amount: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => giveUp(this.#refusalOf(owner, amount)), this.#options.patienceMs);
      const gone = () => giveUp(signal?.reason);
      const waiting = { owner, amount, since: performance.now(), enter: () => settle(resolve) };
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
      this.#watch ??= setInterval(() => this.#lookForIdlers(), LOOK_MS).unref();
    });
  }

  #refusalOf(owner: string, amount: number): DomainError {
    const { refusal, ownRefusal } = this.#options;
    if (ownRefusal === undefined || !this.#isOwnFault(owner, amount))
      return new DomainError('overloaded', refusal, { remedy: 'send the request again later' });
    return new DomainError('rate_limited', ownRefusal, { remedy: 'wait until some of them are answered' });
  }

  /** For each who has waited for long, asks one who has stayed for long, and whose leaving would help. */
  #lookForIdlers(): void {
    const { stayMs = Number.POSITIVE_INFINITY, patienceMs } = this.#options;
    if (this.#waiting.length === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    const now = performance.now();
    for (const { owner, amount, since } of this.#waiting) {
      if (now - since < patienceMs / 3) continue;
      const isOwnFault = this.#isOwnFault(owner, amount);
      for (const inside of this.#inside) {
        const { crowd } = inside;
        if (!crowd || now - inside.since < stayMs || (isOwnFault && inside.owner !== owner)) continue;
        inside.crowd = undefined;
        crowd();
        break;
      }
    }
  }

  /** Lets in who waits: first those who have taken least, and among them by turns; others of the same owner go to the end of the line. */
  #admit(): void {
    const taken = ({ owner }: Waiting) => this.#taken.get(owner) ?? 0;
    for (;;) {
      const inOrder = this.#waiting.toSorted((one, other) => taken(one) - taken(other));
      const next = inOrder.find(({ owner, amount }) => this.#hasRoom(owner, amount));
      if (next === undefined) return;
      const others = this.#waiting.filter((each) => each !== next);
      const isOwn = ({ owner }: Waiting) => owner === next.owner;
      this.#waiting = [...others.filter((each) => !isOwn(each)), ...others.filter(isOwn)];
      this.#add(next.owner, next.amount);
      next.enter();
    }
  }

  #hasRoom(owner: string, amount: number): boolean {
    return this.#total + amount <= this.#options.capacity && !this.#isOwnFault(owner, amount);
  }

  /** Whether the owner would have more than a share, so that no other's leaving helps. */
  #isOwnFault(owner: string, amount: number): boolean {
    const { capacity, capacityPerOwner = capacity } = this.#options;
    return (this.#taken.get(owner) ?? 0) + amount > capacityPerOwner;
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
