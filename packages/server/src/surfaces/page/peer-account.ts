import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Whether the other end of a connection within this machine belongs to the account that this process runs as, or to root. Headers can be
 * made up by any program; whose socket it is the kernel knows. Where the system does not tell (elsewhere than on Linux) this is true.
 */
export async function isOwnPeer(socket: Ends): Promise<boolean> {
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
