import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { crc32, deflateSync, constants as zlib } from 'node:zlib';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { HttpServices } from '../../src/http/services.ts';
import type { HttpOptions } from '../../src/http/surface.ts';
import { newKeyText } from '../../src/keys/key-text.ts';
import { WrongKeyLimit } from '../../src/keys/wrong-keys.ts';
import { heldCollections } from './held-collections.ts';
import { type Customer, slug, useHttp } from './http-server.ts';

const http = useHttp();
const MEGABYTE = 2 ** 20;
const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

async function listening(
  instead: Partial<HttpServices> = {},
  connections = { total: 4096, perAddress: 4096 },
  options: Partial<HttpOptions> = {},
) {
  const app = await http().build({ connections, ...options }, instead);
  return new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
}

/** A connection, with all that came back on it. */
function dial({ port }: URL): { readonly socket: Socket; readonly received: () => string } {
  const socket = connect(Number(port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {}); // the server may end it at any time
  let text = '';
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  return { socket, received: () => text };
}

function head(path: string, { auth }: Pick<Customer, 'auth'>, length: number): string {
  const lines = [`POST ${path} HTTP/1.1`, 'host: here', `x-api-key: ${auth['x-api-key']}`];
  return `${[...lines, 'content-type: application/json', `content-length: ${length}`].join('\r\n')}\r\n\r\n`;
}

/** Another customer reads his balance: the time of a request that has nothing to do with the attack. */
async function reads(url: URL, { auth }: Customer): Promise<void> {
  const reply = await fetch(new URL('/api/credits', url), { headers: auth });
  expect(reply.status).toBe(200);
  await reply.text();
}

test('who tries keys out is answered 429 with Retry-After on every surface, and is let in with a key that was right before', async () => {
  const { keys } = http().services;
  const wrongKeys = new WrongKeyLimit({ clock: systemClock, wrongKeysPerMinute: 5 });
  const app = await http().build(
    {},
    {
      keys: {
        ...keys,
        authenticate: (text, address) => wrongKeys.guard(address, text, () => keys.authenticate(text, address)),
      },
    },
  );
  const { auth } = await http().customer();
  const other = await http().customer();
  const status = async (url: string, headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') => {
    const reply = await app.inject({ method, url, headers, ...(method === 'POST' && { payload: { prompt: 'a' } }) });
    if (reply.statusCode === 429) expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    return reply.statusCode;
  };
  const wrong = () => ({ 'x-api-key': newKeyText() });
  expect(await status('/api/credits', wrong())).toBe(401);
  expect(await status('/api/credits', auth)).toBe(200);
  const answers: number[] = [];
  for (let tries = 0; tries < 20; tries += 1) answers.push(await status('/api/credits', wrong()));
  expect(answers.at(0)).toBe(401);
  expect(answers.filter((answer) => answer === 429).length).toBeGreaterThan(0);
  for (const url of [`/v1/${slug}`, `/v2/${slug}`, '/v1/images/generations', '/api/jobs'])
    expect(await status(url, wrong(), 'POST'), url).toBe(429);
  expect(await status('/api/credits', other.auth)).toBe(429);
  expect(await status('/api/credits', auth)).toBe(200);
});

test('a million fields are refused when the first of them have come', async () => {
  const url = await listening();
  const attacker = await http().customer({ scopes: ['generate', 'read'] });
  for (const path of ['/api/tokenize', '/api/jobs', `/v1/${slug}`]) {
    const { socket, received } = dial(url);
    socket.write(head(path, attacker, 400_000));
    socket.write(`{${Array.from({ length: 100 }, (_, index) => `"f${index}":1,`).join('')}`);
    await expect.poll(received).toMatch(/^HTTP\/1\.1 400 .*at most 64 fields/s);
  }
});

test('a picture of 67,108,864×1 is refused by its header, by a key without credits too', async () => {
  const file = widePng(2 ** 26);
  expect(file.length).toBeLessThan(MEGABYTE);
  const app = await http().build({ bodyBytes: 2 * MEGABYTE });
  const { json } = await http().customer({}, 0n);
  const before = process.resourceUsage().maxRSS;
  for (const path of ['/api/jobs', `/v1/${slug}`, `/v2/${slug}`]) {
    const payload = { prompt: 'a', image: file.toString('base64') };
    const reply = await app.inject({ method: 'POST', url: path, headers: json, payload });
    expect(reply.statusCode).toBe(400);
    expect(reply.body).toContain('67108864×1');
  }
  expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(300 * MEGABYTE);
});

test('large bodies that never end wait outside, and others are answered', async () => {
  const url = await listening();
  const attacker = await http().customer();
  const other = await http().customer();
  const before = process.memoryUsage.rss();
  for (let body = 0; body < 100; body += 1) {
    dial(url).socket.write(head('/api/jobs', attacker, 1_000_000) + '{"prompt":"'.padEnd(990_000, 'x'));
  }
  for (let read = 0; read < 20; read += 1) await reads(url, other);
  // Of 100 MB no more than four bodies are read; the rest is in buffers of the sockets.
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MEGABYTE);
  const own = await fetch(new URL('/api/jobs', url), { method: 'POST', headers: other.json, body: '{}' });
  expect(own.status).toBe(400);
});

test('large bodies that are cut off give back the room that they had, and others are read', async () => {
  const url = await listening({}, undefined, { roomPatienceMs: 600_000 });
  const attacker = await http().customer();
  for (let body = 0; body < 12; body += 1) {
    const { socket } = dial(url);
    socket.write(head('/api/jobs', attacker, 1_000_000) + '{"prompt":"'.padEnd(100_000 + body * 70_000, 'x'));
    await once(socket, 'ready');
    if (body % 3 === 0) socket.resetAndDestroy();
    else if (body % 3 === 1) socket.end();
    else socket.destroy();
  }
  const body = JSON.stringify({ prompt: 'a', image: 'x'.repeat(900_000) });
  const own = await fetch(new URL('/api/jobs', url), { method: 'POST', headers: attacker.json, body });
  expect([own.status, await own.text()]).toEqual([400, expect.stringContaining('image cannot be read')]);
});

test('large bodies that come slowly make room for those that wait', async () => {
  const url = await listening({}, undefined, {
    bodyPace: { graceMs: 600_000, bytesPerSecond: 1 },
    roomPatienceMs: 30_000,
    roomStayMs: 1,
  });
  const attackers = [await http().customer(), await http().customer()];
  const slow = attackers.flatMap((attacker) =>
    [1, 2].map(() => {
      const dialled = dial(url);
      dialled.socket.write(`${head('/api/jobs', attacker, 1_000_000)}{"prompt":"`);
      return dialled;
    }),
  );
  const drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('x');
  }, 20);
  onTestFinished(() => clearInterval(drip));
  const { json } = await http().customer();
  const body = JSON.stringify({ prompt: 'a', image: 'x'.repeat(900_000) });
  const ended = () => slow.map(({ received }) => received()).filter((text) => text.startsWith('HTTP/1.1 408'));
  // Again, because the first ones may arrive before the slow ones.
  do {
    const own = await fetch(new URL('/api/jobs', url), { method: 'POST', headers: json, body });
    expect([own.status, await own.text()]).toEqual([400, expect.stringContaining('image cannot be read')]);
  } while (ended().length === 0);
  expect(ended()[0]).toContain('while other requests waited');
});

test.each([
  { what: 'pictures', query: '' },
  { what: 'thumbnails', query: '?w=160' },
])(
  'requests for $what piled up on connections are handled in turn, and others are answered meanwhile',
  async ({ query }) => {
    let open = 0;
    let most = 0;
    const { images: library } = http().services;
    const counted = async <Found>(look: Promise<Found>): Promise<Found> => {
      open += 1;
      most = Math.max(most, open);
      return look.finally(() => {
        open -= 1;
      });
    };
    const images: HttpServices['images'] = {
      open: (name) => counted(library.open(name)),
      describe: (name) => counted(library.describe(name)),
      read: (name) => library.read(name),
      remove: (account, name) => library.remove(account, name),
    };
    const url = await listening({ images });
    const other = await http().customer();
    const each = 20;
    const asked = `GET /api/images/${'0'.repeat(32)}${query} HTTP/1.1\r\nhost: here\r\n\r\n`.repeat(each);
    const flood = Array.from({ length: 40 }, () => dial(url));
    for (const { socket } of flood) socket.write(asked);
    const answered = () => flood.reduce((sum, { received }) => sum + received().split('HTTP/1.1 404').length - 1, 0);
    for (let read = 0; read < 5; read += 1) await reads(url, other);
    expect(answered()).toBeLessThan(40 * each);
    await expect.poll(answered).toBe(40 * each);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  },
);

test('an account that sends many requests at once holds up itself and nobody else', async () => {
  const handled: string[] = [];
  const { collections, release } = heldCollections(http().services.collections, (accountId) => {
    handled.push(accountId);
  });
  const url = new URL('/api/collections', await listening({ collections }));
  const [many, other] = [await http().customer(), await http().customer()];
  const flood = Array.from({ length: 30 }, () => fetch(url, { headers: many.auth }));
  await expect.poll(() => handled.length).toBe(4);
  const single = fetch(url, { headers: other.auth });
  await expect.poll(() => handled.length).toBe(5);
  expect(handled.at(-1)).toBe(other.accountId);
  release();
  const replies = await Promise.all([...flood, single]);
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(31);
  await Promise.all(replies.map((reply) => reply.text()));
});

test('probes ask the database once, however many come', async () => {
  let asked = 0;
  const started = performance.now();
  const url = await listening({
    ready: async () => {
      asked += 1;
      return { status: 'ready', checks: [] };
    },
    metrics: {
      contentType: 'text/plain',
      text: async () => {
        asked += 1;
        return 'easel_up 1\n';
      },
    },
  });
  for (const path of ['/readyz', '/metrics']) {
    const replies = await Promise.all(Array.from({ length: 300 }, () => fetch(new URL(path, url))));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    await Promise.all(replies.map((reply) => reply.text()));
  }
  expect(asked).toBeLessThanOrEqual(2 + (performance.now() - started) / 1000);
});

test('one address has only so many connections', async () => {
  const url = await listening({}, { total: 4096, perAddress: 5 });
  const dialled = Array.from({ length: 12 }, () => dial(url).socket);
  await expect.poll(() => dialled.filter(({ destroyed }) => destroyed).length).toBe(7);
  for (const socket of dialled) socket.destroy();
  await expect
    .poll(() =>
      fetch(new URL('/healthz', url)).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
});

test('who reads nothing of what he asked for is disconnected, and who waits for a reply is not', async () => {
  const app = await http().build({ stalledMs: 2000 });
  const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  let open = 0;
  app.server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  const { auth } = await http().customer();
  const patient = dial(url);
  patient.socket.write(`GET /api/events HTTP/1.1\r\nhost: here\r\nx-api-key: ${auth['x-api-key']}\r\n\r\n`);
  await expect.poll(patient.received).toContain('connected');
  for (let client = 0; client < 3; client += 1) {
    const { socket } = dial(url);
    socket.pause();
    socket.write('GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n'.repeat(200));
  }
  await expect.poll(() => open).toBe(4);
  await expect.poll(() => open).toBe(1);
  expect(patient.socket.destroyed).toBe(false);
});

test('connections on which nothing is sent do not keep a request from being answered', async () => {
  const url = await listening();
  const other = await http().customer();
  const idle = Array.from({ length: 200 }, () => dial(url).socket);
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  for (const socket of idle) socket.write('POST /api/jobs HTTP/1.1\r\nhost: here\r\n');
  for (let read = 0; read < 5; read += 1) await reads(url, other);
});

/** A PNG of one row of black pixels with 16 bits in four channels, made of one compressed megabyte many times over. */
function widePng(width: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(1, 4);
  header.set([16, 6, 0, 0, 0], 8);
  const bytes = 1 + width * 8;
  const piece = deflateSync(Buffer.alloc(MEGABYTE), { finishFlush: zlib.Z_FULL_FLUSH }).subarray(2);
  const last = deflateSync(Buffer.alloc(bytes % MEGABYTE)).subarray(2, -4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((bytes % 65_521) * 65_536 + 1); // Adler-32 of zeros (RFC 1950 §8.2)
  const pieces = Array.from({ length: Math.floor(bytes / MEGABYTE) }, () => piece);
  const data = Buffer.concat([Buffer.from([0x78, 0x9c]), ...pieces, last, sum]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
