import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { DomainError } from '../domain-error.ts';

/** Resolves a name to all of its addresses. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export interface WebhookTargetsOptions {
  /** Networks that are not public and allowed all the same, such as `10.0.0.0/8`. */
  readonly networks: readonly string[];
  /** Whether `http://` is allowed. */
  readonly allowsHttp: boolean;
  /** Default: that of Node.js, which asks the system. */
  readonly resolve?: Resolve;
}

/**
 * Where webhooks may be sent. Customers choose the addresses, and the server stands in a network that they cannot reach: so every
 * address is checked after its name was resolved, at each attempt, and the checked address is the one that is connected to.
 */
export class WebhookTargets {
  readonly #allowed: BlockList;
  readonly #allowsHttp: boolean;
  readonly #resolve: Resolve;

  /** @throws TypeError for a network that is none */
  constructor({ networks, allowsHttp, resolve = lookup }: WebhookTargetsOptions) {
    this.#allowed = networkList(networks);
    this.#allowsHttp = allowsHttp;
    this.#resolve = resolve;
  }

  /** @returns the address as it is stored @throws DomainError `invalid_request` for one that can be seen not to be allowed */
  requireUrl(text: string, param: string): string {
    const url = URL.parse(text);
    const fault = url === null ? 'it is not a URL' : this.faultOf(url);
    if (url !== null && fault === undefined) return url.href;
    throw new DomainError('invalid_request', `${param} cannot be used: ${fault}`, {
      remedy: `send an ${this.#allowsHttp ? 'http:// or ' : ''}https:// address that is reachable from the internet; the setting webhooks.networks allows others`,
      param,
    });
  }

  /** What is wrong with an address, as far as it can be seen without resolving its name; undefined: nothing. */
  faultOf(url: URL): string | undefined {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not an https:// address';
    if (url.protocol === 'http:' && !this.#allowsHttp) return 'http:// is not encrypted; use https://';
    if (url.username !== '' || url.password !== '') return 'it must not contain a user name or a password';
    // The URL parser has turned every way to write an IPv4 address (decimal, octal, hexadecimal, shortened) into four decimal numbers.
    const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(host) !== 0) return this.isAllowed(host) ? undefined : notPublic(host);
    if (/(?:^|\.)localhost$/.test(host) && !this.isAllowed('127.0.0.1')) return notPublic(host);
    return undefined;
  }

  isAllowed(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    return isPublic(plain) || this.#allowed.check(plain, family);
  }

  /** For connections: resolves a name to those of its addresses that are allowed. An address that is no name never comes here: `faultOf`. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const allowed = addresses.filter(({ address }) => this.isAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(new BlockedAddressError(notPublic(hostname)), '');
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** The name resolves to addresses that are not allowed only. */
export class BlockedAddressError extends Error {}

function notPublic(host: string): string {
  return `the address of ${host} is not public`;
}

/** @throws TypeError for a network that is none */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    if (version === 0 || Number(bits ?? longest) > longest)
      throw new TypeError(`${network} is not a network such as 10.0.0.0/8`);
    list.addSubnet(address, Number(bits ?? longest), version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890 and later), multicast (RFC 5771) and the reserved class E (RFC 1112). */
const notPublicIPv4 = networkList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** Global unicast (RFC 4291 §2.4); all else is loopback, link-local, unique local (fc00::/7), multicast, or not assigned. */
const globalIPv6 = networkList(['2000::/3']);
/** Within it: IETF protocols and Teredo, documentation, 6to4, which lead to IPv4 addresses or nowhere. */
const notPublicIPv6 = networkList(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !notPublicIPv4.check(address, 'ipv4');
  return globalIPv6.check(address, 'ipv6') && !notPublicIPv6.check(address, 'ipv6');
}

/** IPv4-mapped addresses (RFC 4291 §2.5.5.2), and those of translators to IPv4 (RFC 6052 §2.1). */
const mapped = networkList(['::ffff:0:0/96', '64:ff9b::/96']);

/** An address without its zone; one that stands for an IPv4 address as that. */
function plainAddress(address: string): string {
  const [bare = ''] = address.split('%', 1);
  if (isIP(bare) !== 6 || !mapped.check(bare, 'ipv6')) return bare;
  const dotted = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (dotted !== undefined) return dotted;
  // The URL parser writes the last 32 bits as two groups, or leaves zeros out.
  const [high = '0', low = '0'] = bare.endsWith('::') ? [] : bare.replace('::', ':0:').split(':').slice(-2);
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
