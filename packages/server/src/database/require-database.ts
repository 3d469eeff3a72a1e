import { Client, DatabaseError } from 'pg';
import { StartupError } from '../startup-error.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { connectionSettings, type DatabaseAddress } from './database.ts';

/** For a host that drops packets, which never answers. */
const CONNECT_TIMEOUT_MS = 10_000;
const OLDEST_MAJOR = 14;

/**
 * Connects once, so that a database that cannot be used ends the start with what is wrong and the name of its setting.
 *
 * @throws StartupError `database_unavailable`; the signal's reason
 */
export async function requireDatabase(address: DatabaseAddress, signal: AbortSignal): Promise<void> {
  const look = lookAt(address);
  look.catch(() => {}); // when the signal comes first
  const version = await unlessAborted(look, signal);
  if (version >= OLDEST_MAJOR * 10_000) return;
  throw new StartupError(
    'database_unavailable',
    `${nameOf(address)} is PostgreSQL ${Math.floor(version / 10_000)}, which is too old`,
    { remedy: `Easel needs PostgreSQL ${OLDEST_MAJOR} or newer` },
  );
}

/** @returns the version as PostgreSQL counts: 180004 for 18.4 */
async function lookAt(address: DatabaseAddress): Promise<number> {
  try {
    const client = new Client({ ...connectionSettings(address), connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    client.on('error', () => {}); // one that breaks now fails its query too
    try {
      await client.connect();
      const { rows } = await client.query<{ version: number }>(
        `select current_setting('server_version_num')::int as version`,
      );
      return rows[0]?.version ?? 0;
    } finally {
      await client.end().catch(() => {});
    }
  } catch (cause) {
    throw new StartupError('database_unavailable', `${nameOf(address)} cannot be used: ${reasonOf(cause)}`, {
      remedy: 'url' in address ? remedyFor(cause) : 'see its log, postgres/postgres.log in the data folder',
      cause,
    });
  }
}

/** The address may hold a password, so messages name the setting. */
function nameOf(address: DatabaseAddress): string {
  return 'url' in address ? 'the database of DATABASE_URL' : 'the embedded database';
}

/** The first failure where a name has several addresses: Node's error for all of them has an empty message. */
function reasonOf(cause: unknown): string {
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : String(first);
}

/** By SQLSTATE (PostgreSQL, Appendix A): 28: not allowed in; 3D000: no such database; 53300 too many connections. */
function remedyFor(cause: unknown): string {
  const code = cause instanceof DatabaseError ? (cause.code ?? '') : '';
  if (code.startsWith('28')) return 'correct the user or the password in DATABASE_URL';
  if (code === '3D000') return 'create that database, or correct its name in DATABASE_URL';
  if (code === '53300') return 'raise max_connections of that server, or end what is connected to it';
  return 'start that PostgreSQL server or correct DATABASE_URL; without DATABASE_URL Easel starts a database of its own';
}
