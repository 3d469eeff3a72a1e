import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../../../tests/support/listening-server.ts';
import { ObjectStore, reasonWithoutObjectStore, storeKeys } from '../../../../tests/support/object-store.ts';
import { TcpProxy } from '../../../../tests/support/tcp-proxy.ts';
import { newImageName } from '../../src/ids.ts';
import { type BucketSettings, S3Bucket } from '../../src/pictures/s3-bucket.ts';
import { S3ImageStore } from '../../src/pictures/s3-image-store.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const reason = await reasonWithoutObjectStore();
const folder = useTemporaryFolder();
const signal = new AbortController().signal;
/** For a store that answers; a test that waits for one that does not names less. */
const patience = { attempts: 4, timeoutMs: 300_000 };

describe.skipIf(reason !== undefined)(`a bucket${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let server: ObjectStore;
  let settings: BucketSettings;

  beforeAll(async () => {
    server = await ObjectStore.start(path.join(folder(), 'store'));
    await server.createBucket('pictures');
    settings = {
      bucket: 'pictures',
      endpoint: server.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      credentials: storeKeys,
    };
  });

  afterAll(() => server?.stop());

  /** A store of the test's own, below a prefix that nothing else has. */
  function newStore(changes: Partial<BucketSettings> = {}, attempts = patience, prefix = `${newImageName()}/`) {
    const bucket = new S3Bucket({ ...settings, ...changes }, attempts);
    onTestFinished(() => bucket.close());
    return { prefix, bucket, store: new S3ImageStore(bucket, prefix) };
  }

  test('a picture that was put is read back, whole and in parts, and is gone when it was removed', async () => {
    const { store, bucket, prefix } = newStore();
    const name = newImageName();
    const bytes = new Uint8Array(randomBytes(300_000));
    expect(await store.open(name, 'png')).toBeNull();
    expect(await store.read(name, 'png')).toBeNull();
    await store.put(name, 'png', bytes);
    expect(new Uint8Array((await store.read(name, 'png')) ?? [])).toEqual(bytes);
    const whole = await store.open(name, 'png');
    expect(whole?.size).toBe(bytes.length);
    expect(whole && new Uint8Array(await buffer(whole.stream()))).toEqual(bytes);
    const part = await store.open(name, 'png');
    expect(part && new Uint8Array(await buffer(part.stream({ start: 10, end: 19 })))).toEqual(bytes.slice(10, 20));
    const compared = await store.open(name, 'png');
    const hash = createHash('sha256').update(bytes).digest();
    expect(hash.equals((await compared?.sha256()) ?? Buffer.alloc(0))).toBe(true);
    expect(compared && new Uint8Array(await buffer(compared.stream({ start: 5, end: 5 })))).toEqual(bytes.slice(5, 6));
    // Where a folder that was copied into the bucket has it.
    expect((await bucket.list(prefix, '')).objects.map(({ key }) => key)).toEqual([
      `${prefix}${name.slice(0, 2)}/${name.slice(2, 4)}/${name}.png`,
    ]);
    await store.remove(name, 'png');
    await store.remove(name, 'png');
    expect(await store.open(name, 'png')).toBeNull();
  });

  test('a picture that was written again has another version, and a reader of the old one gets no mixture', async () => {
    const { store } = newStore();
    const name = newImageName();
    await store.put(name, 'jpeg', new Uint8Array(1000).fill(1));
    const first = await store.open(name, 'jpeg');
    await store.put(name, 'jpeg', new Uint8Array(1000).fill(2));
    expect((await store.open(name, 'jpeg'))?.version).not.toBe(first?.version);
    await expect(first && buffer(first.stream())).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  test('a sweep removes pictures that nobody knows, in turns over all of them, and nothing else', async () => {
    const { store, bucket, prefix } = newStore();
    const [known, orphan] = [newImageName(), newImageName()];
    await store.check();
    for (const name of [known, orphan]) await store.put(name, 'webp', new Uint8Array(10));
    await bucket.put(`${prefix}notes/mine.txt`, new Uint8Array(3), 'text/plain');
    const sweep = (olderThan: Date) =>
      store.sweep({ olderThan, known: async () => new Set([known]), signal, onFailure: expect.unreachable });
    expect(await sweep(new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await sweep(new Date(Date.now() + 3_600_000))).toBe(1);
    const left = (await bucket.list(prefix, '')).objects.map(({ key }) => key.slice(prefix.length));
    expect(left.sort()).toEqual(
      ['.easel-probe', `${known.slice(0, 2)}/${known.slice(2, 4)}/${known}.webp`, 'notes/mine.txt'].sort(),
    );
  });

  test('a bucket that cannot be used says what is wrong and what to do, without the secret', async () => {
    const wrong = { ...storeKeys, secretAccessKey: 'another secret' };
    const refused = newStore({ credentials: wrong }).store.check();
    await expect(refused).rejects.toMatchObject({
      code: 'storage_unavailable',
      mayPass: false,
      remedy: /secretAccessKey/,
    });
    await expect(refused).rejects.not.toThrow('another secret');
    const unknown = newStore({ credentials: { ...storeKeys, accessKeyId: 'nobody' } }).store.check();
    await expect(unknown).rejects.toMatchObject({ mayPass: false, message: /access key/ });
    const missing = newStore({ bucket: 'no-such-bucket' }).store.read(newImageName(), 'png');
    await expect(missing).rejects.toMatchObject({ mayPass: false, message: /does not exist/, remedy: /s3\.bucket/ });
    const nobody = newStore({ endpoint: 'http://127.0.0.1:1' }, { attempts: 2, timeoutMs: 300_000 }).store.check();
    await expect(nobody).rejects.toMatchObject({ mayPass: true, message: /does not answer \(ECONNREFUSED\)/ });
  });

  test('answers that pass, and connections that break, are no failure', async () => {
    let left = 2;
    const address = await listen(
      createServer((asked, reply) => {
        left -= 1;
        if (left === 1) return void reply.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
        if (left === 0) return void asked.socket.destroy();
        const { method, url, headers } = asked;
        const forwarded = httpRequest(`${server.endpoint}${url}`, { method, headers }, (answer) => {
          reply.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(reply);
        });
        asked.pipe(forwarded);
      }),
    );
    const { store } = newStore({ endpoint: address });
    const name = newImageName();
    await store.put(name, 'png', new Uint8Array([1, 2, 3]));
    expect(new Uint8Array((await store.read(name, 'png')) ?? [])).toEqual(new Uint8Array([1, 2, 3]));
    expect(left).toBeLessThan(0);
  });

  test('a stream whose connection breaks goes on where it was', async () => {
    const proxy = await TcpProxy.listen({ port: server.port });
    onTestFinished(() => proxy.close());
    const { store } = newStore({ endpoint: `http://127.0.0.1:${proxy.port}` });
    const name = newImageName();
    const bytes = new Uint8Array(randomBytes(6_000_000));
    await store.put(name, 'png', bytes);
    const reader = (await store.open(name, 'png'))?.stream().getReader();
    const pieces: Uint8Array[] = [];
    for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
      pieces.push(piece.value);
      if (pieces.length > 1) continue;
      proxy.condition = 'cut';
      proxy.condition = 'whole';
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  test('a store that is stopped in its tracks is found out in the time it is given, and a picture is then whole or absent', async () => {
    const { store, prefix } = newStore({}, { attempts: 2, timeoutMs: 300 });
    const name = newImageName();
    process.kill(server.pid ?? 0, 'SIGSTOP');
    try {
      const late = store.put(name, 'png', new Uint8Array(100_000));
      await expect(late).rejects.toMatchObject({
        code: 'storage_unavailable',
        mayPass: true,
        message: /no answer in time/,
      });
    } finally {
      process.kill(server.pid ?? 0, 'SIGCONT');
    }
    expect([undefined, 100_000]).toContain((await newStore({}, patience, prefix).store.read(name, 'png'))?.length);
  });
});
