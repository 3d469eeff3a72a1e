import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../clock.ts';
import { DomainError } from '../domain-error.ts';

const MINUTE_MS = 60_000;
/** Networks that are remembered; the one that was seen longest ago is forgotten first. */
const MOST_NETWORKS = 10_000;
/** Keys of one network that are remembered as right. */
const MOST_KEYS = 64;

interface Network {
  /** Wrong keys that may still come; the number grows with time, up to the limit. */
  left: number;
  countedAt: number;
  /** Hashes of keys that were right, the newest last. */
  readonly right: Set<string>;
}

export interface WrongKeyLimitParts {
  readonly clock: Clock;
  /** Wrong keys of one network, at once and then in each minute. */
  readonly wrongKeysPerMinute: number;
}

/**
 * Limits how many keys can be tried out: a network that has sent too many wrong ones is answered 429 until a minute's share of time has
 * passed, whatever key it sends, so that it does not learn whether one is right. Only keys that were right from there before are let in:
 * one program with a wrong key does not lock out those behind the same proxy.
 *
 * It is a token bucket for each IPv4 address and each IPv6 network of 64 bits, which is what one customer of a provider has (RFC 6177
 * §2). Each server counts for itself.
 */
export class WrongKeyLimit {
  readonly #parts: WrongKeyLimitParts;
  readonly #networks = new Map<string, Network>();

  constructor(parts: WrongKeyLimitParts) {
    this.#parts = parts;
  }

  /**
   * Checks a key that came from the address.
   *
   * @param check gives the key's owner @throws DomainError `unauthorized` for a wrong key
   * @throws DomainError `rate_limited` when the network has sent too many wrong keys; the key is not checked then
   */
  async guard<Owner>(address: string, key: string, check: (key: string) => Promise<Owner>): Promise<Owner> {
    const hash = createHash('sha256').update(key).digest('base64');
    const network = this.#find(address);
    if (network !== undefined && network.left < 1 && !network.right.has(hash)) this.#refuse(network);
    try {
      const owner = await check(key);
      remember(this.#touch(address).right, hash);
      return owner;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'unauthorized') this.#count(address, hash);
      throw error;
    }
  }

  #refuse({ left }: Network): never {
    const perMs = this.#parts.wrongKeysPerMinute / MINUTE_MS;
    const retryAfterSeconds = Math.max(1, Math.ceil((1 - left) / perMs / 1000));
    throw new DomainError('rate_limited', 'too many requests with a wrong API key came from your address', {
      remedy: `check the key and retry in ${retryAfterSeconds} s`,
      retryAfterSeconds,
    });
  }

  /** Up to date; undefined: nothing has come from there. */
  #find(address: string): Network | undefined {
    const network = this.#networks.get(networkOf(address));
    if (network === undefined) return undefined;
    const { clock, wrongKeysPerMinute } = this.#parts;
    const now = clock.now().getTime();
    // A clock that was set back gives nothing.
    const grown = (Math.max(0, now - network.countedAt) * wrongKeysPerMinute) / MINUTE_MS;
    network.left = Math.min(wrongKeysPerMinute, network.left + grown);
    network.countedAt = now;
    return network;
  }

  #count(address: string, hash: string): void {
    const network = this.#touch(address);
    network.left = Math.max(0, network.left - 1);
    network.right.delete(hash);
  }

  /** The newest of all networks from now on. */
  #touch(address: string): Network {
    const { clock, wrongKeysPerMinute } = this.#parts;
    const name = networkOf(address);
    const network = this.#find(address) ?? {
      left: wrongKeysPerMinute,
      countedAt: clock.now().getTime(),
      right: new Set<string>(),
    };
    this.#networks.delete(name);
    this.#networks.set(name, network);
    for (const oldest of this.#networks.keys()) {
      if (this.#networks.size <= MOST_NETWORKS) break;
      this.#networks.delete(oldest);
    }
    return network;
  }
}

function remember(right: Set<string>, hash: string): void {
  right.delete(hash);
  right.add(hash);
  for (const oldest of right) {
    if (right.size <= MOST_KEYS) break;
    right.delete(oldest);
  }
}

/** An IPv4 address, also as IPv6 has it (`::ffff:192.0.2.1`); the first 64 bits of another IPv6 address. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  if (!isIPv6(plain)) return plain;
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain) ?? [];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = plain.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(Math.max(0, missing)).fill('0'), ...groups(tail ?? '')];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
