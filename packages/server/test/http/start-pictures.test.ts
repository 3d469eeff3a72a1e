import sharp from 'sharp';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { type InputPicture, InputPictures, type InputPicturesOptions } from '../../src/pictures/input-pictures.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const readers: InputPictures[] = [];
afterAll(() => Promise.all(readers.map((reader) => reader.close())));

const large = await solid(8192, 8192);
const small = await solid(400, 160);

function solid(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
}

/** A server with processes for pictures of its own. */
async function listening(options: InputPicturesOptions = {}) {
  const pictures = new InputPictures({ patienceMs: 600_000, ...options });
  readers.push(pictures);
  const app = await http().build({ bodyBytes: 4_000_000 }, { inputPictures: pictures });
  return { pictures, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}

async function send(url: string, { json }: Customer, picture: Buffer, signal?: AbortSignal) {
  const body = JSON.stringify({ prompt: 'a', model: unattended, image: picture.toString('base64') });
  const reply = await fetch(`${url}/api/jobs`, { method: 'POST', headers: json, body, ...(signal && { signal }) });
  return { status: reply.status, job: await reply.json() };
}

const balanceOf = ({ accountId }: Customer) => http().services.credits.balance(accountId);

const jobsOf = async ({ accountId }: Customer) =>
  (await http().services.jobs.list({ accountId, limit: 10 })).jobs.map(({ job }) => job);

/** Sends a picture, and stops the process that reads it: it is being read for as long as the test likes. */
async function sendStopped(pictures: InputPictures, post: () => Promise<unknown>): Promise<number> {
  const known = new Set(pictures.pids);
  void post();
  await expect.poll(() => pictures.pids.some((pid) => !known.has(pid)), { interval: 1 }).toBe(true);
  const pid = pictures.pids.find((each) => !known.has(each)) ?? 0;
  process.kill(pid, 'SIGSTOP');
  return pid;
}

test('while pictures of one account are read, others are answered and their pictures are read', async () => {
  const { pictures, url } = await listening();
  const [slow, other] = [await http().customer(), await http().customer()];
  const replies: Promise<{ readonly status: number }>[] = [];
  const pid = await sendStopped(pictures, async () => replies.push(send(url, slow, large)));
  let answered = 0;
  for (let more = 0; more < 5; more += 1) {
    replies.push(send(url, slow, small));
    for (const reply of replies) void reply.then(() => (answered += 1));
  }
  for (let read = 0; read < 20; read += 1) {
    expect((await fetch(`${url}/api/credits`, { headers: other.auth })).status).toBe(200);
  }
  for (let picture = 0; picture < 2; picture += 1) expect(await send(url, other, small)).toMatchObject({ status: 202 });
  expect(answered).toBe(0);
  expect(pictures.pids).toHaveLength(2);
  for (const { id } of await jobsOf(other)) await http().services.cancelJob(other.accountId, id);
  process.kill(pid, 'SIGCONT');
  const statuses = (await Promise.all(replies)).map(({ status }) => status);
  // The queue of these tests has three places.
  expect(statuses.filter((status) => status === 202)).toHaveLength(3);
  for (const { id } of await jobsOf(slow)) await http().services.cancelJob(slow.accountId, id);
}, 600_000);

test('a large picture is kept in the size that is drawn, and this process never holds its pixels', async () => {
  const { url } = await listening();
  const customer = await http().customer();
  const before = process.resourceUsage().maxRSS;
  expect(await send(url, customer, large)).toMatchObject({ status: 202, job: { img_width: 256, img_height: 256 } });
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(150);
  const [job] = await jobsOf(customer);
  const kept = await http().jobs.store.read(job?.request.image ?? '', 'start');
  expect(await sharp(kept ?? Buffer.of()).metadata()).toMatchObject({ format: 'png', width: 256, height: 256 });
  await http().services.cancelJob(customer.accountId, job?.id ?? '');
}, 600_000);

test('a client that goes away ends the reading of its picture, and has no job', async () => {
  const { pictures, url } = await listening();
  const customer = await http().customer();
  const balance = await balanceOf(customer);
  const gone = new AbortController();
  await sendStopped(pictures, () => send(url, customer, large, gone.signal).catch(() => {}));
  gone.abort();
  await expect.poll(() => pictures.pids).toEqual([]);
  expect(await jobsOf(customer)).toEqual([]);
  expect(await balanceOf(customer)).toEqual(balance);
});

test('when the process that reads a picture dies, nothing is charged, and the next picture is read', async () => {
  const { pictures, url } = await listening();
  const customer = await http().customer();
  const balance = await balanceOf(customer);
  let reply: ReturnType<typeof send> | undefined;
  const pid = await sendStopped(pictures, async () => {
    reply = send(url, customer, large);
  });
  process.kill(pid, 'SIGKILL');
  expect(await reply).toMatchObject({ status: 500 });
  expect(await jobsOf(customer)).toEqual([]);
  expect(await balanceOf(customer)).toEqual(balance);
  expect(await send(url, customer, small)).toMatchObject({ status: 202 });
  for (const { id } of await jobsOf(customer)) await http().services.cancelJob(customer.accountId, id);
});

test.each([
  ['0.2 s of processor time', { cpuSeconds: 0.2 }],
  ['100 MB of memory', { memoryBytes: 100 * 2 ** 20 }],
])('a picture that takes more than %s is refused and not charged', async (limit, limits) => {
  const { url } = await listening({ limits });
  const customer = await http().customer();
  const balance = await balanceOf(customer);
  const detail = expect.stringContaining(
    `image cannot be read: decoding it takes more than ${limit}, the most that is allowed`,
  );
  expect(await send(url, customer, large)).toMatchObject({ status: 400, job: { param: 'image', detail } });
  expect(await jobsOf(customer)).toEqual([]);
  expect(await balanceOf(customer)).toEqual(balance);
});

test('a picture that is not decoded in time may come again later, and one whose settings are not read in time is refused', async () => {
  const pictures = new InputPictures({ patienceMs: 15_000 });
  readers.push(pictures);
  const { signal } = new AbortController();
  const hung = (work: (picture: InputPicture) => Promise<unknown>) =>
    pictures.use(small, { owner: 'a', signal }, async (picture) => {
      for (const pid of pictures.pids) process.kill(pid, 'SIGSTOP');
      return work(picture);
    });
  await expect(hung((picture) => picture.fit(undefined))).rejects.toMatchObject({ code: 'overloaded' });
  await expect.poll(() => pictures.pids).toEqual([]);
  await expect(hung((picture) => picture.settings())).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'image',
    message: 'image cannot be read: the texts in its file take too long',
  });
}, 120_000);

test('a damaged picture is refused, and one that cannot be paid is not decoded', async () => {
  const { url } = await listening();
  const cut = large.subarray(0, large.length / 2);
  expect(await send(url, await http().customer(), cut)).toMatchObject({ status: 400, job: { param: 'image' } });
  expect(await send(url, await http().customer({}, 0n), cut)).toMatchObject({ status: 406 });
});

test('a reply for pictures from a start image, waited for over HTTP, has no more listeners than Node.js takes for a leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const { url } = await listening();
  const customer = await http().customer();
  const body = { prompt: 'a', image: small.toString('base64'), num_inference_steps: 20, img_width: 64, img_height: 64 };
  for (const headers of [customer.json, { ...customer.json, 'idempotency-key': 'twice' }]) {
    const reply = await fetch(`${url}/v1/${slug}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(reply.status, await reply.text()).toBe(200);
  }
  const events = await fetch(`${url}/api/events`, { headers: customer.auth });
  await events.body?.cancel();
  expect(warnings.filter((warning) => warning.includes('MaxListeners'))).toEqual([]);
});
