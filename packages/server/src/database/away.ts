import { DatabaseError } from 'pg';

/**
 * Classes and codes that say that the server, not the query, is at fault (PostgreSQL, Appendix A): connection exceptions,
 * insufficient resources, shutdowns and starts, a standby that took over and only reads.
 */
const awayCodes = /^(08...|53...|57P0[1235]|25006)$/;

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

/** What the driver says without a code. */
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered|Query read timeout)/;

/** Whether something thrown by database work means that the database could not be reached, or went away in the middle. */
export function isAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if (error instanceof DatabaseError) return awayCodes.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return driverMessages.test(error.message);
  // The socket's file is gone while the server is not there.
  return networkCodes.has(code) || (code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect');
}
