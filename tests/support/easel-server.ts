import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putMigratedDatabase } from '../../packages/server/test/support/migrated-database.ts';

export const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

export interface EaselServer {
  readonly url: string;
  readonly adminKey: string;
  readonly devKey: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  readonly output: () => string;
  /** SIGTERM, and waits for the clean end. @returns its exit status */
  stop(): Promise<number | null>;
}

export interface ServeOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A folder that outlives this server; default: a new one that is removed at the end. */
  readonly dataDir?: string;
  /** Default: any free one. */
  readonly port?: number;
  readonly keys?: { readonly adminKey: string; readonly devKey: string };
  /** The command line of another release. */
  readonly program?: string;
}

/** This process's variables without settings of a server that somebody runs beside the tests, and on the device of the tests. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:EASEL_|DATABASE_URL$)/.test(name));
  return { ...Object.fromEntries(own), EASEL_DEVICE: 'cpu' };
}

/** A key of the right form that nothing else uses. */
export function newKey(): string {
  return `SG_${randomBytes(8).toString('hex')}`;
}

/**
 * Starts `easel serve` as a user does: a process of its own, on a free port, with the embedded model and database in a folder
 * of its own. Resolves when it says that it listens.
 */
export async function serveEasel({
  env = {},
  dataDir,
  port = 0,
  keys,
  program = main,
}: ServeOptions = {}): Promise<EaselServer> {
  const folder = dataDir ?? (await newDataDir());
  if (dataDir === undefined && program === main) await putMigratedDatabase(folder);
  const { adminKey, devKey } = keys ?? { adminKey: newKey(), devKey: newKey() };
  const child = spawn(
    process.execPath,
    ['--conditions=@easel/source', '--max-semi-space-size=4', program, 'serve', '--port', String(port)],
    {
      env: {
        ...ownEnvironment(),
        EASEL_DATA_DIR: folder,
        EASEL_ADMIN_KEY: adminKey,
        EASEL_DEV_KEY: devKey,
        EASEL_LOG_LEVEL: 'warn',
        EASEL_DRAIN_SECONDS: '300', // a busy machine finishes what it has begun, later
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await Promise.race([untilListening(() => output, child), ended.then(() => undefined)]);
  if (url === undefined) throw new Error(`easel serve ended at its start: ${output}`);
  return {
    url,
    adminKey,
    devKey,
    dataDir: folder,
    process: child,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const status = await ended;
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
      return status;
    },
  };
}

/** One that the user can pass through whom PostgreSQL runs as when the tests run as root. */
export async function newDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-serve-'));
  await chmod(folder, 0o711);
  return folder;
}

async function untilListening(output: () => string, child: ChildProcess): Promise<string | undefined> {
  while (child.exitCode === null) {
    const url = /listens on (http:\S+)/.exec(output())?.[1];
    if (url !== undefined) return url;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}
