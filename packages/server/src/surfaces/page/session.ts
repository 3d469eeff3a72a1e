import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../keys/callers.ts';
import type { ServerSecret } from '../../keys/server-secret.ts';

const LIFE_S = 30 * 24 * 60 * 60;

export interface PageSessionParts {
  readonly secret: ServerSecret;
  /** The caller whose key the page uses; null when the key no longer exists. */
  readonly owner: () => Promise<Caller | null>;
}

/** The owner of the other end of a connection does not change. */
type KnownPeers = WeakMap<Socket, Promise<boolean>>;

/**
 * Lets the page work without a key on the machine of the server: a cookie that scripts cannot read stands for the development key,
 * which is never sent. It is not accepted from other machines, pages, programs or accounts, or by other servers.
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

  /** Sets the cookie for a browser of this account on this machine. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!(await this.#isOwnPage(request))) return;
    const since = String(Math.floor(Date.now() / 1000));
    const value = `${since}.${this.#proofOf(since)}`;
    // RFC 6265 §5.2; Strict: it is not sent along when another site leads here.
    reply.header('set-cookie', `${this.#name}=${value}; Max-Age=${LIFE_S}; Path=/; HttpOnly; SameSite=Strict`);
  }

  /** The caller of a request without a key; null when it was not sent by the page. */
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

/** The parts of a request that show where it comes from. */
export interface Visit {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string | undefined;
  readonly httpVersion: string;
}

/** Loopback names (RFC 6761 §6.3) and addresses (RFC 6890). */
const loopbackHost = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Headers that proxies and tunnels add (RFC 7239; RFC 9110 §7.6.3; the rest is custom): such a request comes from somewhere else,
 * whatever its address.
 */
const trace =
  /^(?:via|forwarded|forwarded-for|x-forwarded.*|x-original-.*|x-proxy.*|x-envoy-.*|cf-.*|cdn-loop|.*(?:client|real)-ip)$/;

/**
 * Whether a request was made on this machine to this machine. The name in `Host` matters because another site's name can be made to
 * lead here (DNS rebinding).
 */
export function isLocalVisit({ headers, remoteAddress = '', httpVersion }: Visit): boolean {
  // Every browser speaks HTTP/1.1; a proxy with nothing configured may ask by HTTP/1.0 and add no header that gives it away.
  if (!isLoopbackAddress(remoteAddress) || httpVersion === '1.0') return false;
  return loopbackHost.test(String(headers.host)) && !Object.keys(headers).some((name) => trace.test(name));
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/**
 * Whether a request was sent by the page itself or from the address bar, and not by another page in the same browser or another program.
 * Browsers say so in `Sec-Fetch-Site` (Fetch Metadata), which scripts cannot set, for every request to this machine's own names; what
 * lacks it was not sent by a browser. `Origin` (RFC 6454 §7) and `Referer`, which the page's policy has sent along to its own server, give
 * away a proxy that asks for this machine in its own name: then the page has another origin than the Host that is asked for.
 */
export function isSentByPage({ headers }: Pick<Visit, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  const isFromPerson = site === 'none' && headers['sec-fetch-mode'] === 'navigate';
  if (site !== 'same-origin' && !isFromPerson) return false;
  const own = `http://${String(headers.host)}`;
  if (headers.origin !== undefined && headers.origin !== own) return false;
  return headers.referer === undefined || String(headers.referer).startsWith(`${own}/`);
}

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Whether the other end of a connection within this machine belongs to the account that this process runs as, or to root. Headers can be
 * made up by any program; whose socket it is the kernel knows. Where the system does not tell (elsewhere than on Linux) this is true.
 */
async function isOwnPeer(socket: Ends): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const owner = await ownerOfPeer(socket);
  return owner !== undefined && (owner === 0 || owner === process.getuid?.());
}

/** The account that has the other end; undefined when no process of this machine has it open. */
async function ownerOfPeer({ localAddress, localPort, remoteAddress, remotePort }: Ends): Promise<number | undefined> {
  if (remotePort === undefined || localPort === undefined) return undefined;
  const here = `${wordsOf(localAddress)}:${hexOf(localPort)}`;
  const there = `${wordsOf(remoteAddress)}:${hexOf(remotePort)}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      // proc_net_tcp: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, local = '', remote = '', , , , , uid, , inode] = line.trim().split(/\s+/);
      if (!isSame(local, there) || !isSame(remote, here)) continue;
      // A socket that its process has closed is nobody's, and is listed as root's with no inode.
      return inode === '0' ? undefined : Number(uid);
    }
  }
  return undefined;
}

/** An IPv4 address may be listed as the IPv6 address that stands for it (RFC 4291 §2.5.5.2). */
function isSame(listed: string, wanted: string): boolean {
  return listed === wanted || listed === MAPPED + wanted;
}

/** ::ffff: as the kernel lists it. */
const MAPPED = '0000000000000000FFFF0000';
const isLittleEndian = endianness() === 'LE';

/** The address as the kernel lists it: words of 32 bits in hexadecimal, each in the byte order of the machine. */
function wordsOf(address = ''): string {
  const bytes = bytesOf(address.replace(/^::ffff:/i, ''));
  const words: string[] = [];
  for (let start = 0; start < bytes.length; start += 4) {
    const word = bytes.slice(start, start + 4);
    words.push((isLittleEndian ? word.toReversed() : word).map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  return words.join('').toUpperCase();
}

/** Of 127.0.0.0/8 and ::1, the addresses within a machine. */
function bytesOf(address: string): number[] {
  if (address === '::1') return [...Array.from({ length: 15 }, () => 0), 1];
  return address.split('.').map(Number);
}

function hexOf(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
