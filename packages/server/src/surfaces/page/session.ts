import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../keys/caller.ts';
import type { ServerSecret } from '../../keys/secret.ts';
import { isLocalVisit, isSentByPage } from './local-visit.ts';
import { isOwnPeer } from './peer-account.ts';

const LIFE_S = 30 * 24 * 60 * 60;

export interface PageSessionParts {
  readonly secret: ServerSecret;
  /** Who the page acts for; null where there is no such key any more. */
  readonly owner: () => Promise<Caller | null>;
}

/** A connection's other end does not change hands. */
type KnownPeers = WeakMap<Socket, Promise<boolean>>;

/**
 * Lets the page work at once on the machine that the server runs on: a cookie that scripts cannot read stands for the development
 * key, which itself is never sent. It is worth nothing from elsewhere, to other pages, programs or accounts, or in another server.
 */
export class PageSession {
  readonly #parts: PageSessionParts;
  /** Browsers do not keep the cookies of two ports apart (RFC 6265 §8.5): servers on one machine need names of their own. */
  readonly #name: string;
  readonly #peers: KnownPeers = new WeakMap();

  constructor(parts: PageSessionParts) {
    this.#parts = parts;
    this.#name = `easel_page_${this.#proofOf('name').slice(0, 8)}`;
  }

  /** Gives the cookie to a browser of this account on this machine. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!(await this.#isOwnPage(request))) return;
    const since = String(Math.floor(Date.now() / 1000));
    const value = `${since}.${this.#proofOf(since)}`;
    // RFC 6265 §5.2; Strict: it is not sent along when another site leads here.
    reply.header('set-cookie', `${this.#name}=${value}; Max-Age=${LIFE_S}; Path=/; HttpOnly; SameSite=Strict`);
  }

  /** Who a request without a key comes from; null when the page did not send it. */
  async callerOf(request: FastifyRequest): Promise<Caller | null> {
    if (!this.#isValid(cookieOf(request, this.#name)) || !(await this.#isOwnPage(request))) return null;
    return this.#parts.owner();
  }

  async #isOwnPage({ headers, socket, raw }: FastifyRequest): Promise<boolean> {
    const visit = { headers, remoteAddress: socket.remoteAddress, httpVersion: raw.httpVersion };
    if (!isLocalVisit(visit) || !isSentByPage(visit)) return false;
    const known = this.#peers.get(socket) ?? isOwnPeer(socket);
    this.#peers.set(socket, known);
    return known;
  }

  #isValid(value: string | undefined): boolean {
    const [since = '', proof = ''] = value?.split('.', 2) ?? [];
    if (!/^\d{1,12}$/.test(since) || Number(since) + LIFE_S < Date.now() / 1000) return false;
    const expected = Buffer.from(this.#proofOf(since));
    const given = Buffer.from(proof);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #proofOf(since: string): string {
    return Buffer.from(this.#parts.secret.hmac('page session', since)).toString('hex');
  }
}

function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(/; */).map((pair) => pair.split('=', 2));
  return pairs.find(([own]) => own === name)?.[1];
}
