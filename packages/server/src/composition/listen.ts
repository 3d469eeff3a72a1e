import { type AddressInfo, createServer, isIPv4 } from 'node:net';
import type { Config } from '../config/schema.ts';
import { StartupError } from '../startup-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/**
 * Checks that the server can listen on the address, before anything is created.
 *
 * @throws StartupError that names the address
 */
export async function requireAddress(address: Address): Promise<void> {
  const server = createServer();
  await listening(address, '--port', () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen({ host: address.host, port: address.port }, resolve);
    return promise;
  });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.close(resolve);
  await promise;
}

/**
 * Listens.
 *
 * @param setting what chooses the port
 * @throws StartupError that names the address and what to do
 */
export async function listening(
  address: Address,
  setting: '--port' | 'worker.metricsPort',
  listen: () => Promise<unknown>,
): Promise<void> {
  try {
    await listen();
  } catch (cause) {
    throw listenFailure(address, setting === '--port' ? 'with --port NUMBER' : `in ${setting}`, cause);
  }
}

function listenFailure({ host, port }: Address, how: string, cause: unknown): StartupError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is in use by another program`;
    return new StartupError('address_in_use', message, {
      remedy: `choose another port ${how}, or stop that program; to find it: ${whoHas(port)}`,
      cause,
    });
  }
  if (code === 'EACCES') {
    const remedy = `choose a port above 1023 ${how} and put a reverse proxy in front`;
    return new StartupError('settings_invalid', `no permission to listen on port ${port} of ${host}`, {
      remedy,
      cause,
    });
  }
  return new StartupError('settings_invalid', `the server cannot listen on the address ${host}: ${reason}`, {
    remedy: '--host must be an address of this machine: 127.0.0.1 for local access only, 0.0.0.0 for all networks',
    cause,
  });
}

function whoHas(port: number): string {
  return process.platform === 'linux' ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
}

export function urlOf(host: string, address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return String(address);
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${address.port}`;
}

/** Whether the address is a loopback address (RFC 6890: 127.0.0.0/8, ::1). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
