import { DomainError } from '../../domain/domain-error.ts';

interface Waiting {
  readonly owner: string;
  readonly bytes: number;
  readonly enter: () => void;
}

export interface BodyRoomOptions {
  /** Of all large bodies together. */
  readonly bytes: number;
  /** Of those of one account. */
  readonly bytesPerOwner: number;
  /** How long a body may wait before it is refused. */
  readonly patienceMs: number;
}

/**
 * The memory for large bodies: each has its place before the first byte is read, and those for which there is none wait. What is not
 * read waits with the client.
 */
export class BodyRoom {
  readonly #options: BodyRoomOptions;
  readonly #taken = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(options: BodyRoomOptions) {
    this.#options = options;
  }

  /**
   * Resolves when there is room for a body.
   *
   * @returns gives the room back, once
   * @throws DomainError `overloaded` when there is none for too long, or the signal's reason
   */
  async enter(owner: string, bytes: number, signal: AbortSignal): Promise<() => void> {
    if (!this.#hasRoom(owner, bytes)) await this.#wait(owner, bytes, signal);
    else this.#add(owner, bytes);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#add(owner, -bytes);
      this.#admit();
    };
  }

  #wait(owner: string, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        end();
        reject(reason);
      };
      const late = setTimeout(() => {
        leave(new DomainError('overloaded', 'too many large requests at the same time; send this one again later'));
      }, this.#options.patienceMs);
      const gone = () => leave(signal.reason);
      const end = () => {
        clearTimeout(late);
        signal.removeEventListener('abort', gone);
      };
      const enter = () => {
        end();
        resolve();
      };
      const waiting = { owner, bytes, enter };
      signal.addEventListener('abort', gone, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** Lets in who waits, first come first served among those whose own room is not used up. */
  #admit(): void {
    for (const waiting of [...this.#waiting]) {
      if (!this.#hasRoom(waiting.owner, waiting.bytes)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      this.#add(waiting.owner, waiting.bytes);
      waiting.enter();
    }
  }

  #hasRoom(owner: string, bytes: number): boolean {
    const own = this.#taken.get(owner) ?? 0;
    return this.#total + bytes <= this.#options.bytes && own + bytes <= this.#options.bytesPerOwner;
  }

  #add(owner: string, bytes: number): void {
    this.#total += bytes;
    const own = (this.#taken.get(owner) ?? 0) + bytes;
    if (own === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, own);
  }
}
