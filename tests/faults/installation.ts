import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient } from '@easel/client';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { type Database, openDatabase } from '../../packages/server/src/database/database.ts';
import { type EaselServer, newDataDir, newKey, serveEasel } from '../support/easel-server.ts';
import { type EaselWorker, startEaselWorker, type WorkerOptions } from '../support/easel-worker.ts';

/** What the account has at the start, in credits. */
export const CREDITS = 1000;

/** A small picture, quickly made. */
export const small = { prompt: 'a red apple', num_inference_steps: 2, img_width: 64, img_height: 64 } as const;
/** One that is caught in the act. */
export const long = { ...small, num_inference_steps: 100, samples: 3 } as const;

interface Keys {
  readonly adminKey: string;
  readonly devKey: string;
}

/** A server that only takes jobs, and workers beside it, over a PostgreSQL that is restarted under them. */
export class Installation {
  /** Past the server, for looks at the rows. */
  readonly database: Database;
  readonly workers = new Set<EaselWorker>();
  readonly #folder: string;
  readonly #keys: Keys;
  #server: EaselServer;
  #postgres: EmbeddedPostgres;
  #names = 0;

  /** @param options.program the command line of another release, for the server and these workers */
  static async start({
    workers,
    program,
  }: {
    readonly workers: number;
    readonly program?: string;
  }): Promise<Installation> {
    const folder = await newDataDir();
    const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database') });
    const dataDir = join(folder, 'server');
    await mkdir(dataDir);
    const keys = { adminKey: newKey(), devKey: newKey() };
    const env = environmentOf(folder, addressOf(postgres));
    const other = program === undefined ? {} : { program };
    const server = await serveEasel({ dataDir, keys, env, ...other });
    const installation = new Installation(folder, postgres, server, keys);
    await Promise.all(Array.from({ length: workers }, () => installation.startWorker(other)));
    return installation;
  }

  private constructor(folder: string, postgres: EmbeddedPostgres, server: EaselServer, keys: Keys) {
    this.#folder = folder;
    this.#postgres = postgres;
    this.#server = server;
    this.#keys = keys;
    this.database = this.connect(2);
  }

  get url(): string {
    return this.#server.url;
  }

  get serverPid(): number {
    return this.#server.process.pid ?? 0;
  }

  get postgres(): EmbeddedPostgres {
    return this.#postgres;
  }

  /** The customer, who is answered as it is: nothing is tried again. */
  get customer(): EaselClient {
    return new EaselClient({ baseUrl: this.url, apiKey: this.#server.devKey, retries: 0 });
  }

  get administrator(): EaselClient {
    return new EaselClient({ baseUrl: this.url, apiKey: this.#server.adminKey });
  }

  /** Connections of somebody else to the database; the caller closes them. */
  connect(poolSize: number): Database {
    return openDatabase({ address: this.#postgres.connection, poolSize, onConnectionLost: () => {} });
  }

  /** @param databaseUrl where this worker finds the database, if not where all do */
  async startWorker({ databaseUrl, ...options }: WorkerOptions & { databaseUrl?: string } = {}): Promise<EaselWorker> {
    this.#names += 1;
    const dataDir = join(this.#folder, `worker-${this.#names}`);
    await mkdir(dataDir);
    const environment = environmentOf(this.#folder, databaseUrl ?? addressOf(this.#postgres));
    const worker = await startEaselWorker({ ...environment, EASEL_DATA_DIR: dataDir }, options);
    this.workers.add(worker);
    return worker;
  }

  /** SIGKILL. */
  async killWorker(worker: EaselWorker): Promise<void> {
    this.workers.delete(worker);
    const ended = once(worker.process, 'close');
    worker.process.kill('SIGKILL');
    await ended;
  }

  async stopWorkers(): Promise<void> {
    for (const worker of this.workers) await worker.stop();
    this.workers.clear();
  }

  /** Starts the server of this release beside the other one, and stops that when it listens, as in a rolling upgrade. */
  async replaceServer(meanwhile: () => Promise<void>): Promise<void> {
    const old = this.#server;
    const dataDir = join(this.#folder, 'new-server');
    await mkdir(dataDir);
    const env = environmentOf(this.#folder, addressOf(this.#postgres));
    const next = await serveEasel({ dataDir, keys: this.#keys, env });
    await meanwhile();
    this.#server = next;
    await old.stop();
  }

  /** The worker that makes the pictures of a job, as soon as one does. */
  async workerOf(jobId: string): Promise<EaselWorker> {
    for (;;) {
      const row = await this.database.kysely
        .selectFrom('jobs')
        .innerJoin('workers', 'workers.id', 'jobs.worker_id')
        .select('workers.pid')
        .where('jobs.id', '=', jobId)
        .where('jobs.state', '=', 'running')
        .executeTakeFirst();
      for (const worker of this.workers) if (worker.process.pid === row?.pid) return worker;
      await sleep(20);
    }
  }

  async restartDatabase(downMs: number): Promise<void> {
    await this.#postgres.stop();
    await sleep(downMs);
    this.#postgres = await startEmbeddedPostgres({ dataDir: join(this.#folder, 'database') });
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.#server.stop();
    await this.database.close();
    await this.#postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What all machines have in common. */
function environmentOf(folder: string, databaseUrl: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    EASEL_SECRET: 'the secret that all these machines share',
    EASEL_IMAGES_DIR: join(folder, 'images'),
    EASEL_WORKER_ENABLED: 'false',
    EASEL_WORKER_THREADS: '1',
    EASEL_DEV_CREDITS: String(CREDITS),
    EASEL_LIMITS_REQUESTS_PER_MINUTE: '1000000',
    EASEL_LIMITS_QUEUE_LENGTH: '100000',
    EASEL_LIMITS_QUEUED_PER_ACCOUNT: '100000',
    EASEL_LIMITS_CONCURRENT_PER_ACCOUNT: '10',
    EASEL_LOG_LEVEL: 'fatal',
  };
}

function addressOf({ connection: { user, password, host, port, database } }: EmbeddedPostgres): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(password)}@/${database}?${query}`;
}
