import { userInfo } from 'node:os';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { type Account, runProgram } from './run-program.ts';

/** The database user that everything belongs to. */
export const databaseUser = 'easel';

export interface InitdbOptions {
  readonly program: string;
  /** An empty folder of the account. */
  readonly data: string;
  /** A file with the database user's password. */
  readonly password: string;
  readonly account: Account | undefined;
  readonly signal: AbortSignal;
}

/** @throws {DatabaseUnavailable} with initdb's own words */
export async function initdb({ program, data, password, account, signal }: InitdbOptions): Promise<void> {
  const { code, stderr } = await runProgram(
    program,
    [
      ...['--pgdata', data, '--username', databaseUser, '--pwfile', password],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8'],
      // PostgreSQL's own C.UTF-8: the same order on every system, also after an upgrade of the C library, which may break indexes.
      ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ],
    { account, signal },
  );
  if (code === 0) return;
  throw new DatabaseUnavailable(
    `the database cannot be created in ${data}: ${stderr.trim() || `initdb ended with status ${code}`}`,
    'correct what PostgreSQL complains of, choose another data folder with EASEL_DATA_DIR, or set DATABASE_URL',
  );
}

/** initdb looks up the name of the user that it runs as, which a container started with an arbitrary uid does not have. */
export function checkAccountName(account: Account | undefined): void {
  if (account) return;
  try {
    userInfo();
  } catch (cause) {
    throw new DatabaseUnavailable(
      `the database cannot be created by the user with uid ${process.getuid?.()}: it has no name in /etc/passwd`,
      'start Easel as a user that has one, or set DATABASE_URL to a PostgreSQL server',
      { cause },
    );
  }
}
