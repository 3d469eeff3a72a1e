import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { webhookEvents, webhookPayloadSchema } from '@easel/contract';
import { Webhook } from 'standardwebhooks';
import { Check } from 'typebox/schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newImageName } from '../../src/ids.ts';
import { succeedJob } from '../../src/jobs/ends-of-jobs.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { type DelivererOptions, WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { type EndpointTerms, WebhookService } from '../../src/webhooks/endpoints.ts';
import { type Resolve, WebhookTargets } from '../../src/webhooks/targets.ts';
import { saveSweepTimes } from '../../src/workers/deletion-hold.ts';
import { newCustomer, TestClock } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { CertificateAuthority, hasOpenssl } from './certificates.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const [secret] = secretsOfText('the secret of the webhooks in a test');
const targets = new WebhookTargets({ networks: ['127.0.0.0/8'], allowsHttp: true });
const clock = new TestClock();
let services: JobServices;
let webhooks: WebhookService;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder(), clock });
  webhooks = new WebhookService({ database: opened().database, clock, secret, targets });
});

afterAll(() => services.stop());

const running: WebhookDeliverer[] = [];
const reports: string[] = [];

afterEach(async () => {
  for (const deliverer of running.splice(0)) await deliverer.stop();
  // What a test leaves on its way is not sent in the next.
  await opened().database.kysely.deleteFrom('webhook_deliveries').execute();
});

/** A server's side, until the end of the test. */
function startDeliverer(options: DelivererOptions = {}, own: { targets?: WebhookTargets } = {}): WebhookDeliverer {
  const report = (_level: string, message: string) => void reports.push(message);
  const parts = { database: opened().open(), bus: services.bus, clock, secret, targets, report, ...own };
  const deliverer = new WebhookDeliverer(parts, { pollMs: 20, ...options });
  running.push(deliverer);
  deliverer.start();
  return deliverer;
}

async function newEndpoint(url: string, terms: Partial<EndpointTerms> = {}) {
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const all = { url, events: webhookEvents, enabled: true, includePrompt: false, ...terms };
  const { endpoint, secret: key } = await webhooks.create(customer.accountId, all, 'https://easel.example');
  return { ...customer, endpoint, key };
}

/** The end of a job without a worker: the quickest one. */
async function cancelledJob(
  customer: { accountId: string; keyId: string },
  change: Parameters<typeof aSubmission>[1] = {},
) {
  const { job } = await services.submitJob(aSubmission(customer, change));
  await services.cancelJob(customer.accountId, job.id);
  return job;
}

const deliveriesOf = (accountId: string) => webhooks.deliveries({ accountId, limit: 100 });

/** The only delivery of the account, as soon as it is what is expected. */
async function becomes(accountId: string, expected: object) {
  const patience = { interval: 20 };
  await expect.poll(async () => (await deliveriesOf(accountId))[0], patience).toMatchObject(expected);
  const [delivery] = await deliveriesOf(accountId);
  if (delivery === undefined) throw new Error('there is no delivery');
  return delivery;
}

/** Resolves when the attempt has failed and the next one is not due yet. @returns when it is */
async function failsFor(accountId: string, attempts: number, expected: object): Promise<Date> {
  const next = async () => {
    const [delivery] = await deliveriesOf(accountId);
    return { ...delivery, waits: delivery !== undefined && delivery.nextAttemptAt > clock.now() };
  };
  const outcome = { state: 'pending', waits: true, attempts, ...expected };
  await expect.poll(next, { interval: 20 }).toMatchObject(outcome);
  return (await becomes(accountId, { attempts })).nextAttemptAt;
}

const noRequest: Receiver['received'][number] = { path: '', headers: {}, body: '' };

/** As a customer's server does, with the library of Standard Webhooks; its clock is that of the tests. */
function verified(key: string, { headers, body }: Receiver['received'][number]): unknown {
  const signed = {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  };
  return new Webhook(key).verify(body, signed);
}

test('a job that succeeds is told with the addresses of its pictures, and without prompts and start image unless they are wanted', async () => {
  clock.set(new Date().toISOString());
  const receiver = await startReceiver();
  const wants = await newEndpoint(`${receiver.url}?with`, { includePrompt: true });
  await webhooks.create(
    wants.accountId,
    { url: `${receiver.url}?failures`, events: ['job.failed'], enabled: true, includePrompt: false },
    'https://easel.example',
  );
  const webhook = { url: `${receiver.url}?own`, baseUrl: 'https://other.example' };
  const request = { prompt: 'secret 1', negativePrompt: 'secret 2', prompt2: 'secret 3', startedFrom: 'secret4' };
  const { job } = await services.submitJob(aSubmission(wants, { request, webhook }));
  const started = await opened().database.transaction((queries) =>
    markStarted(queries, { jobId: job.id, workerId: job.id, now: clock.now() }),
  );
  if (started === null) throw new Error('the job could not be started');
  const name = newImageName();
  const picture = { name, jobId: job.id, index: 0, format: 'png', width: 128, height: 128, bytes: 1 } as const;
  const image = { ...picture, sha256: Buffer.alloc(32), seed: 1, createdAt: clock.now(), expiresAt: null };
  const device = { name: 'cpu', arithmetic: 'float32' } as const;
  await succeedJob(services.context, started, { model: 'easel-demo', device, images: [image] });

  startDeliverer();
  await receiver.count(2);
  const [full, own] = ['/hook?with', '/hook?own'].map((path) => receiver.received.find((each) => each.path === path));
  if (full === undefined || own === undefined) throw new Error('somebody was not told');
  expect(verified(wants.key, full)).toMatchObject({
    type: 'job.succeeded',
    data: { job: { id: job.id, prompt: 'secret 1', negative_prompt: 'secret 2', start_image: expect.any(String) } },
  });
  const { secret: accountKey } = await webhooks.accountSecret(wants.accountId);
  const told = verified(accountKey, own);
  expect(Check(webhookPayloadSchema, told)).toBe(true);
  expect(told).toMatchObject({
    type: 'job.succeeded',
    timestamp: clock.now().toISOString(),
    data: { job: { id: job.id, prompt: null, images: [{ url: `https://other.example/api/images/${name}.png` }] } },
  });
  expect(own.body).not.toContain('secret');
  expect(own.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': expect.stringMatching(/^msg_/),
  });
  expect(() => verified(wants.key, own)).toThrow();
});

test('a delivery is retried at the times of the standard, with one id and one body, and each attempt is signed anew', async () => {
  let answers = 0;
  const receiver = await startReceiver((response) => {
    answers += 1;
    response.writeHead(answers < 10 ? 500 : 200).end(`answer ${answers}`);
  });
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  const deliverer = startDeliverer();
  for (let attempt = 1; attempt < 10; attempt += 1) {
    clock.set((await failsFor(accountId, attempt, { lastStatus: 500 })).toISOString());
    deliverer.wake();
  }
  const { id } = await becomes(accountId, { state: 'delivered', attempts: 10, lastStatus: 200, lastError: null });
  expect(receiver.received).toHaveLength(10);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([`msg_${id}`]));
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10);
  const { attempts } = await webhooks.delivery(accountId, id);
  expect(attempts.map(({ number, status, response }) => [number, status, response])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index + 1, index < 9 ? 500 : 200, `answer ${index + 1}`]),
  );
});

test('after ten failures a delivery is given up, and said so; sent again it has all of the retries', async () => {
  let isUp = false;
  const receiver = await startReceiver((response) => response.writeHead(isUp ? 200 : 503).end());
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  const deliverer = startDeliverer();
  for (let attempt = 1; attempt < 10; attempt += 1) {
    clock.set((await failsFor(accountId, attempt, { lastStatus: 503 })).toISOString());
    deliverer.wake();
  }
  const { id } = await becomes(accountId, { state: 'failed', attempts: 10, endedAt: clock.now() });
  expect(reports).toContain('a webhook was given up');
  await webhooks.resend(accountId, id);
  await failsFor(accountId, 11, { tries: 1 });
  isUp = true;
  await webhooks.resend(accountId, id);
  await becomes(accountId, { state: 'delivered', lastStatus: 200 });
});

const failures: Record<string, { answer: Parameters<typeof startReceiver>[0]; outcome: object }> = {
  'closes the connection': {
    answer: (response) => response.destroy(),
    outcome: { lastStatus: null, lastError: 'the connection was closed before a reply' },
  },
  'never answers': { answer: () => {}, outcome: { lastStatus: null, lastError: 'no reply within 5 s' } },
  redirects: {
    answer: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    outcome: { lastStatus: 302, lastError: 'it answered 302: redirects are not followed' },
  },
  'says what is not HTTP': {
    answer: ({ socket }) => socket instanceof Socket && socket.end('SSH-2.0-OpenSSH\r\n'),
    outcome: { lastStatus: null, lastError: 'the connection failed (HPE_INVALID_CONSTANT)' },
  },
  'changes the protocol': {
    answer: ({ socket }) =>
      socket instanceof Socket &&
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    outcome: { lastStatus: null, lastError: 'it answered 101: it wants another protocol' },
  },
  refuses: {
    answer: (response) => response.writeHead(401).end('who\0 are you'),
    outcome: { lastStatus: 401, lastError: 'it answered 401' },
  },
};

test.each(Object.keys(failures))('an endpoint that %s is tried again', async (name) => {
  const { answer, outcome } = failures[name] ?? { answer: undefined, outcome: {} };
  const receiver = await startReceiver(answer);
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer({ timeoutMs: name === 'never answers' ? 5000 : 120_000 });
  await becomes(accountId, { state: 'pending', attempts: 1, ...outcome });
  expect(receiver.received).toHaveLength(1);
});

test('of a long reply a little is kept, and a success that goes on for ever is one', async () => {
  const receiver = await startReceiver((response) => {
    const more = () => {
      while (response.writable && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more).writeHead(200);
    more();
  });
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  const { id } = await becomes(accountId, { state: 'delivered', lastStatus: 200 });
  const { attempts } = await webhooks.delivery(accountId, id);
  expect(attempts).toMatchObject([{ response: 'x'.repeat(1024) }]);
});

test('an endpoint that asks to wait is not asked before', async () => {
  const receiver = await startReceiver((response) => response.writeHead(429, { 'retry-after': '3600' }).end());
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  const { nextAttemptAt } = await becomes(accountId, { state: 'pending', lastStatus: 429 });
  expect(nextAttemptAt).toEqual(new Date(clock.now().getTime() + 3_600_000));
});

test('an endpoint that is gone is disabled and told nothing more, until it is enabled', async () => {
  const receiver = await startReceiver((response) =>
    response.writeHead(receiver.received.length > 1 ? 200 : 410).end(),
  );
  const { accountId, keyId, endpoint } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  const { id } = await becomes(accountId, { state: 'failed', attempts: 1, lastError: 'it answered 410 Gone' });
  expect(await webhooks.get(accountId, endpoint.id)).toMatchObject({
    enabled: false,
    disabledReason: 'it answered 410 Gone',
  });
  await cancelledJob({ accountId, keyId });
  expect(await deliveriesOf(accountId)).toHaveLength(1);
  await expect(webhooks.resend(accountId, id)).rejects.toMatchObject({ code: 'conflict' });
  await expect(webhooks.test(accountId, endpoint.id)).rejects.toMatchObject({ code: 'conflict' });
  const enabled = await webhooks.change(accountId, endpoint.id, { enabled: true });
  expect(enabled).toMatchObject({ enabled: true, disabledReason: null });
  await webhooks.resend(accountId, id);
  await becomes(accountId, { id, state: 'delivered' });
});

test.each(['disabled', 'deleted'] as const)('what is on its way to an endpoint that is %s is not sent', async (how) => {
  const receiver = await startReceiver();
  const { accountId, keyId, endpoint } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  if (how === 'deleted') await webhooks.remove(accountId, endpoint.id);
  else await webhooks.change(accountId, endpoint.id, { enabled: false });
  startDeliverer();
  // Another one that is due later is sent: so the first was passed over.
  const other = await newEndpoint(receiver.url);
  await webhooks.test(other.accountId, other.endpoint.id);
  await becomes(other.accountId, { state: 'delivered', event: 'webhook.test' });
  expect(receiver.received).toHaveLength(1);
  const ended = await becomes(accountId, { state: 'failed', attempts: 0, lastError: `the endpoint was ${how}` });
  await expect(webhooks.resend(accountId, ended.id)).rejects.toMatchObject({ code: 'conflict' });
});

test('what waits for its next attempt goes to the new address of its endpoint', async () => {
  const old = await startReceiver((response) => response.writeHead(500).end());
  const receiver = await startReceiver();
  const { accountId, keyId, endpoint } = await newEndpoint(old.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  const { id } = await becomes(accountId, { state: 'pending', attempts: 1 });
  await webhooks.change(accountId, endpoint.id, { url: receiver.url });
  clock.set(new Date(clock.now().getTime() + 60_000).toISOString());
  await becomes(accountId, { id, state: 'delivered' });
  expect(receiver.received).toHaveLength(1);
});

test('what is sent again while an attempt is under way is sent again after it', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const receiver = await startReceiver(async (response) => {
    await asked;
    response.writeHead(receiver.received.length > 1 ? 200 : 500).end();
  });
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  await receiver.count(1);
  const [delivery] = await deliveriesOf(accountId);
  await webhooks.resend(accountId, delivery?.id ?? '');
  resolve();
  await becomes(accountId, { state: 'delivered', attempts: 2, tries: 1 });
});

test('what is taken while its endpoint is disabled was delivered', async () => {
  const { promise: disabled, resolve } = Promise.withResolvers<void>();
  const receiver = await startReceiver(async (response) => {
    await disabled;
    response.writeHead(200).end();
  });
  const { accountId, keyId, endpoint } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer();
  await receiver.count(1);
  await webhooks.change(accountId, endpoint.id, { enabled: false });
  expect(await deliveriesOf(accountId)).toMatchObject([{ state: 'failed' }]);
  resolve();
  await becomes(accountId, { state: 'delivered', attempts: 1, lastError: null });
});

test('the address of a name is looked at anew in each attempt, and a private one is not connected to', async () => {
  const receiver = await startReceiver((response) => response.writeHead(500).end());
  const answers = ['127.0.0.1', '127.0.0.2'];
  let asked = 0;
  const resolve: Resolve = (_name, _options, callback) => {
    const address = answers[Math.min(asked, 1)] ?? '';
    asked += 1;
    callback(null, [{ address, family: 4 }]);
  };
  const strict = new WebhookTargets({
    networks: ['127.0.0.1'],
    allowsHttp: true,
    resolve,
  });
  const { accountId, keyId } = await newEndpoint(receiver.url.replace('127.0.0.1', 'rebound.example'));
  await cancelledJob({ accountId, keyId });
  const deliverer = startDeliverer({}, { targets: strict });
  clock.set((await failsFor(accountId, 1, { lastStatus: 500 })).toISOString());
  deliverer.wake();
  const blocked = { lastStatus: null, lastError: 'the address of rebound.example is not public' };
  await becomes(accountId, { state: 'pending', attempts: 2, ...blocked });
  expect(receiver.received).toHaveLength(1);
});

test('an address that the settings do not allow any more is not connected to', async () => {
  const receiver = await startReceiver();
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  startDeliverer({}, { targets: new WebhookTargets({ networks: [], allowsHttp: true }) });
  await becomes(accountId, { state: 'pending', attempts: 1, lastError: 'the address of 127.0.0.1 is not public' });
  expect(receiver.received).toHaveLength(0);
});

test('several servers send each event once', async () => {
  const receiver = await startReceiver();
  const customers = await Promise.all(Array.from({ length: 5 }, () => newEndpoint(receiver.url)));
  for (let server = 0; server < 3; server += 1) startDeliverer();
  const jobs = customers.flatMap((customer) => Array.from({ length: 6 }, () => cancelledJob(customer)));
  await Promise.all(jobs);
  for (const { accountId } of customers) {
    const states = async () => (await deliveriesOf(accountId)).map(({ state, attempts }) => `${state} ${attempts}`);
    await expect.poll(states).toEqual(Array(6).fill('delivered 1'));
  }
  expect(receiver.received).toHaveLength(30);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(30);
});

test('an endpoint that is slow does not hold up those of others', async () => {
  const slow = await startReceiver(() => {});
  const quick = await startReceiver();
  const [late, other] = [await newEndpoint(slow.url), await newEndpoint(quick.url)];
  await Promise.all(Array.from({ length: 40 }, () => webhooks.test(late.accountId, late.endpoint.id)));
  startDeliverer();
  await slow.count(4);
  await webhooks.test(other.accountId, other.endpoint.id);
  await becomes(other.accountId, { state: 'delivered' });
  expect(slow.received).toHaveLength(4);
});

function startProcess(jobId: string | null, more: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...more };
  const child = fork(new URL('./deliverer-process.ts', import.meta.url), { stdio: 'inherit', env });
  const exited = once(child, 'exit');
  child.send({ address: opened().address, folder: folder(), leaseMs: 1000, jobId });
  return { child, exited };
}

test('an event whose server is killed between the commit and the delivery is sent by another one', async () => {
  const receiver = await startReceiver();
  const customer = await newEndpoint(receiver.url);
  const { job } = await services.submitJob(aSubmission(customer));
  await startProcess(job.id).exited;
  startDeliverer();
  await becomes(customer.accountId, { state: 'delivered', jobId: job.id, event: 'job.cancelled', attempts: 1 });
});

test('an attempt whose server is killed is made again by another one, with the same id, after its lease', async () => {
  clock.set(new Date().toISOString());
  let isUp = false;
  const receiver = await startReceiver((response) => isUp && response.writeHead(200).end());
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  const { child, exited } = startProcess(null);
  await receiver.count(1);
  isUp = true;
  child.kill('SIGKILL');
  await exited;
  startDeliverer();
  const { id } = await becomes(accountId, { state: 'delivered', attempts: 2 });
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${id}`, `msg_${id}`]);
  const { attempts } = await webhooks.delivery(accountId, id);
  expect(attempts).toMatchObject([
    { number: 1, status: null, seconds: null },
    { number: 2, status: 200 },
  ]);
});

test.skipIf(!hasOpenssl)(
  'https:// goes to the name in a certificate of a known authority (NODE_EXTRA_CA_CERTS), and to no other',
  async () => {
    clock.set(new Date().toISOString());
    const authority = new CertificateAuthority(folder());
    const right = await startReceiver(undefined, authority.issue('localhost'));
    const wrong = await startReceiver(undefined, authority.issue('hooks.example'));
    const [known, mistaken] = [await newEndpoint(right.url), await newEndpoint(wrong.url)];
    for (const customer of [known, mistaken]) await cancelledJob(customer);
    const { child, exited } = startProcess(null, { NODE_EXTRA_CA_CERTS: authority.file });
    await becomes(known.accountId, { state: 'delivered', attempts: 1 });
    expect(verified(known.key, right.received[0] ?? noRequest)).toMatchObject({ type: 'job.cancelled' });
    await failsFor(mistaken.accountId, 1, { lastError: 'its certificate is for another host name' });
    child.kill('SIGKILL');
    await exited;
    // This process does not know the authority.
    startDeliverer();
    const stranger = await newEndpoint(right.url);
    await cancelledJob(stranger);
    await failsFor(stranger.accountId, 1, {
      lastError: 'its certificate is not from an authority that this server trusts',
    });
    expect([right.received.length, wrong.received.length]).toEqual([1, 0]);
  },
);

test('a server that stops gives back what it could not send, and it does not count as a try', async () => {
  let isUp = false;
  const receiver = await startReceiver((response) => isUp && response.writeHead(200).end());
  const { accountId, keyId } = await newEndpoint(receiver.url);
  await cancelledJob({ accountId, keyId });
  const first = startDeliverer();
  await receiver.count(1);
  isUp = true;
  await first.stop();
  expect(await deliveriesOf(accountId)).toMatchObject([{ state: 'pending', attempts: 1, tries: 0 }]);
  startDeliverer();
  await becomes(accountId, { state: 'delivered', attempts: 2, tries: 1 });
});

test('a deleted job takes its deliveries with it, and old ones are deleted with the records of jobs', async () => {
  clock.set(new Date().toISOString());
  const receiver = await startReceiver();
  const { accountId, keyId } = await newEndpoint(receiver.url);
  const [kept, forgotten] = [await cancelledJob({ accountId, keyId }), await cancelledJob({ accountId, keyId })];
  await services.forgetJob(accountId, forgotten.id);
  expect(await deliveriesOf(accountId)).toMatchObject([{ jobId: kept.id }]);
  startDeliverer();
  await becomes(accountId, { state: 'delivered' });
  const { requestsMs } = services.context.retention;
  const end = clock.now().getTime() + requestsMs;
  for (const [ms, left] of [
    [0, 1],
    [1, 0],
  ] as const) {
    clock.set(new Date(end + ms).toISOString());
    const times = { sweptAt: clock.now(), heldUntil: clock.now() };
    await opened().database.transaction((queries) => saveSweepTimes(queries, times));
    await services.janitor.sweep(AbortSignal.timeout(120_000));
    expect(await deliveriesOf(accountId)).toHaveLength(left);
  }
});
