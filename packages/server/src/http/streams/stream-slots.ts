import type { FastifyReply } from 'fastify';
import { DomainError } from '../../domain-error.ts';

export interface StreamLimits {
  /** Open at the same time, of one key and of all together; 64 and 1,000 by default. */
  readonly streamsPerKey?: number;
  readonly streams?: number;
}

/** How many streams of events are open in this process. */
export class StreamSlots {
  readonly #perKey: number;
  readonly #all: number;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor({ streamsPerKey = 64, streams = 1000 }: StreamLimits) {
    this.#perKey = streamsPerKey;
    this.#all = streams;
  }

  /** Counts a stream until its connection is closed. @throws DomainError `rate_limited`, `overloaded` */
  take(keyId: string, { raw }: FastifyReply): void {
    const open = this.#open.get(keyId) ?? 0;
    if (open >= this.#perKey) {
      const message = `this key has ${open} event streams open, and ${this.#perKey} are allowed; close one, or follow all jobs with one GET /api/events`;
      throw new DomainError('rate_limited', message);
    }
    if (this.#total >= this.#all) {
      const message = `${this.#total} event streams are open on this server, and ${this.#all} are allowed; try again later`;
      throw new DomainError('overloaded', message);
    }
    if (raw.closed) return;
    this.#open.set(keyId, open + 1);
    this.#total += 1;
    raw.once('close', () => {
      this.#total -= 1;
      const left = (this.#open.get(keyId) ?? 1) - 1;
      if (left === 0) this.#open.delete(keyId);
      else this.#open.set(keyId, left);
    });
  }
}
