import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { type EaselServer, newDataDir, newKey, serveEasel } from '../support/easel-server.ts';
import { type EaselWorker, startEaselWorker } from '../support/easel-worker.ts';
import { ObjectStore, storeKeys } from '../support/object-store.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const BUCKET = 'pictures';

export interface ClusterSize {
  readonly servers: number;
  readonly workers: number;
}

/** A machine of the cluster: one process, and its own network to the database and to the store. */
export interface Machine {
  readonly name: string;
  readonly toDatabase: TcpProxy;
  readonly toStore: TcpProxy;
  /** Where it listens, if it is a server that runs. */
  url(): string | undefined;
  pid(): number | undefined;
  /** SIGKILL; then somebody starts it again, as systemd would. */
  killAndRestart(downMs: number): Promise<void>;
  stop(): Promise<unknown>;
}

/**
 * Several servers that only accept jobs, and workers, over one PostgreSQL and one object store. Each has a data folder of its own: they know of
 * each other by the addresses of the database and of the store alone.
 */
export class Cluster {
  readonly servers: Machine[] = [];
  readonly workers: Machine[] = [];
  readonly keys = { adminKey: newKey(), devKey: newKey() };
  readonly #folder: string;
  readonly store: ObjectStore;
  #postgres: EmbeddedPostgres;

  static async start({ servers, workers }: ClusterSize): Promise<Cluster> {
    const folder = await newDataDir();
    const [postgres, store] = await Promise.all([
      startEmbeddedPostgres({ dataDir: join(folder, 'database') }),
      ObjectStore.start(join(folder, 'store')),
    ]);
    await store.createBucket(BUCKET);
    const cluster = new Cluster(folder, postgres, store);
    // The first one makes the keys.
    for (let index = 1; index <= servers; index += 1) cluster.servers.push(await cluster.#server(`server-${index}`));
    const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
    cluster.workers.push(...(await Promise.all(names.map((name) => cluster.#worker(name)))));
    return cluster;
  }

  private constructor(folder: string, postgres: EmbeddedPostgres, store: ObjectStore) {
    this.#folder = folder;
    this.#postgres = postgres;
    this.store = store;
  }

  get machines(): readonly Machine[] {
    return [...this.servers, ...this.workers];
  }

  /** Past every disturbed network. */
  get database(): EmbeddedPostgres['connection'] {
    return this.#postgres.connection;
  }

  get postmaster(): number {
    return this.#postgres.pid;
  }

  /** After its end. */
  async restartDatabase(): Promise<void> {
    this.#postgres = await startEmbeddedPostgres({ dataDir: join(this.#folder, 'database') });
  }

  async stop(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
    await Promise.all(this.machines.flatMap(({ toDatabase, toStore }) => [toDatabase.close(), toStore.close()]));
    await this.store.stop();
    await this.#postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #server(name: string): Promise<Machine> {
    const place = await this.#place(name);
    const { keys } = this;
    const start = () => serveEasel({ dataDir: place.dataDir, env: place.env, keys });
    return supervised<EaselServer>({ name, start, ...place });
  }

  async #worker(name: string): Promise<Machine> {
    const place = await this.#place(name);
    const start = () => startEaselWorker({ ...place.env, EASEL_DATA_DIR: place.dataDir });
    return supervised<EaselWorker>({ name, start, ...place });
  }

  async #place(name: string) {
    const dataDir = join(this.#folder, name);
    await mkdir(dataDir);
    const { user, password, host, port, database } = this.database;
    const toDatabase = await TcpProxy.listen({ path: join(host, `.s.PGSQL.${port}`) });
    const toStore = await TcpProxy.listen({ port: this.store.port });
    const env = {
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${toDatabase.port}/${database}`,
      EASEL_S3_BUCKET: BUCKET,
      EASEL_S3_ENDPOINT: `http://127.0.0.1:${toStore.port}`,
      AWS_ACCESS_KEY_ID: storeKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: storeKeys.secretAccessKey,
      EASEL_SECRET: 'the secret that all these machines share',
      EASEL_WORKER_ENABLED: 'false',
      EASEL_WORKER_THREADS: '1',
      EASEL_LIMITS_REQUESTS_PER_MINUTE: '100000',
      EASEL_LIMITS_QUEUED_PER_ACCOUNT: '1000',
      EASEL_LIMITS_CONCURRENT_PER_ACCOUNT: '10',
      EASEL_WEBHOOKS_HTTP: 'true',
      EASEL_WEBHOOKS_NETWORKS: '127.0.0.0/8',
      EASEL_LOG_LEVEL: 'fatal',
    };
    return { dataDir, env, toDatabase, toStore };
  }
}

interface Supervised<Program extends EaselServer | EaselWorker> {
  readonly name: string;
  readonly toDatabase: TcpProxy;
  readonly toStore: TcpProxy;
  readonly start: () => Promise<Program>;
}

/** Runs a program, and runs it again when it has ended, whatever it ended with. */
async function supervised<Program extends EaselServer | EaselWorker>({
  name,
  toDatabase,
  toStore,
  start,
}: Supervised<Program>): Promise<Machine> {
  let isStopping = false;
  let program: Program | undefined;
  /** A start fails while the database is away. */
  const keepStarting = async (): Promise<void> => {
    while (!isStopping) {
      program = await start().catch(() => undefined);
      if (program !== undefined) return;
      await sleep(500);
    }
  };
  await keepStarting();
  return {
    name,
    toDatabase,
    toStore,
    url: () => (program !== undefined && 'url' in program ? program.url : undefined),
    pid: () => program?.process.pid,
    async killAndRestart(downMs) {
      const child = program?.process;
      program = undefined;
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      }
      await sleep(downMs);
      await keepStarting();
    },
    async stop() {
      isStopping = true;
      await program?.stop();
    },
  };
}
