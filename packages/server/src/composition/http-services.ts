import type { Ready, ReadyCheck } from '@easel/contract';
import { encodeThumbnail } from '@easel/engine';
import type { Config } from '../config/schema.ts';
import { CreditService } from '../credits/credits.ts';
import type { HttpServices } from '../http/services.ts';
import { CancelJob } from '../jobs/cancel-job.ts';
import { ForgetJob } from '../jobs/forget-job.ts';
import { JobFeed } from '../jobs/job-feed.ts';
import { countEndedJob } from '../jobs/job-metrics.ts';
import { JobQueries } from '../jobs/job-queries.ts';
import { isEnded } from '../jobs/job-state.ts';
import { QueueControl } from '../jobs/queue-control.ts';
import { RevokedKeys } from '../jobs/revoked-keys.ts';
import { SubmitJob } from '../jobs/submit-job.ts';
import { AccountService } from '../keys/accounts.ts';
import { countAgainstLimit, watchKey } from '../keys/callers.ts';
import { KeyService } from '../keys/keys.ts';
import type { ServerSecret } from '../keys/server-secret.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';
import { ImageLibrary } from '../pictures/image-library.ts';
import { Thumbnails } from '../pictures/thumbnails.ts';
import { PageSession } from '../surfaces/page/session.ts';
import { isLoopback } from './listen.ts';
import type { Core } from './open-core.ts';

/** The domain's services as the routes want them. */
export function httpServices(
  core: Core,
  config: Config,
  secret: ServerSecret,
  {
    metrics,
    serverId,
    inputPictures,
  }: Pick<HttpServices, 'serverId' | 'inputPictures'> & { readonly metrics: Metrics },
): HttpServices & { readonly pageSession: PageSession | null } {
  const { limits, pricing: tariff } = config;
  const queries = new JobQueries(core);
  const feed = new JobFeed(core);
  const ending = new CancelJob(core);
  const cancelJob: HttpServices['cancelJob'] = {
    async cancel(accountId, jobId) {
      const before = await queries.get(accountId, jobId);
      const ended = await ending.cancel(accountId, jobId);
      if (!isEnded(before.job)) await countEndedJob({ ...core, metrics }, jobId);
      return ended;
    },
  };
  const revokedKeys = new RevokedKeys({ ...core, cancelJob });
  const images = new ImageLibrary(core);
  const keys = new KeyService({ ...core, secret });
  const control = new QueueControl({ ...core, queueLength: limits.queueLength });
  return {
    accounts: new AccountService(core),
    keys: {
      authenticate: (text) => keys.authenticate(text),
      expiryOf: (id) => keys.expiryOf(id),
      create: (terms) => keys.create(terms),
      list: (accountId) => keys.list(accountId),
      change: (id, changes) => keys.change(id, changes),
      async revoke(id) {
        const revoked = await keys.revoke(id);
        await revokedKeys.cancelJobsOf(id);
        return revoked;
      },
    },
    watchKey: (keyId) => watchKey({ bus: core.bus, keys }, keyId),
    pageSession: isForThisMachineOnly(config) ? new PageSession({ secret, owner: () => keys.development() }) : null,
    credits: new CreditService(core),
    countAgainstLimit: (caller) => countAgainstLimit({ ...core, requestsPerMinute: limits.requestsPerMinute }, caller),
    tariff,
    models: () => core.painter.models(),
    tokenize: (model, text) => core.painter.tokenize(model, text),
    serverId,
    submitJob: new SubmitJob({ ...core, ...limits, tariff }),
    cancelJob,
    forgetJob: new ForgetJob({ ...core, library: images }),
    jobs: queries,
    waitForJob: (jobId, signal) => feed.end(jobId, signal),
    followJob: (jobId, afterId, signal) => feed.follow(jobId, afterId, signal),
    followAccount: (accountId, afterId, signal) => feed.followAccount(accountId, afterId, signal),
    images,
    thumbnails: new Thumbnails({ library: images, shrink: encodeThumbnail }),
    inputPictures,
    queue: control,
    workers: () => control.workersListed(),
    ready: (signal) => readiness(core, control, signal),
    metrics,
  };
}

/** With a `publicUrl` of another name somebody has put a proxy in front, through which everybody would be a visitor from here. */
function isForThisMachineOnly({ host, publicUrl }: Config): boolean {
  const publicHost = publicUrl === null ? host : (URL.parse(publicUrl)?.hostname ?? '');
  return isLoopback(host) && isLoopback(publicHost.replace(/^\[|\]$/g, ''));
}

/** What a check may take: an answer that comes too late is none. */
const PATIENCE_MS = 5000;

/** Looking at the storage writes a file, so it is not done for every question. */
const STORAGE_LOOK_MS = 5000;

/**
 * Whether requests would be served: the database answers, the queue works, pictures can be stored, and some worker has drawn with the default model.
 * A worker whose engine was let go for lack of work stays ready.
 */
export async function readiness(core: Core, control: QueueControl, signal: AbortSignal): Promise<Ready> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const checks = await Promise.all([
    check('database', patience, async () => {
      await control.state();
    }),
    check('queue', patience, async () => {
      const [model] = core.painter.models();
      if (model !== undefined) await core.queue.probe(model.slug);
    }),
    check('storage', patience, async () => {
      const problem = await core.storage.check({ maxAgeMs: STORAGE_LOOK_MS });
      if (problem !== null) throw new Error(problem);
    }),
    check('engine', patience, async () => {
      const workers = await control.workersListed();
      const isReady = workers.some(({ isLost, state }) => !isLost && state !== 'starting');
      if (!isReady) throw new Error('no worker is ready yet; wait, or start one with: easel worker');
    }),
  ]);
  return { status: checks.every(({ ok }) => ok) ? 'ready' : 'not_ready', checks };
}

async function check(name: string, signal: AbortSignal, look: () => Promise<void>): Promise<ReadyCheck> {
  try {
    await Promise.race([look(), untilAborted(signal)]);
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new Error('no answer in time'));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
}

/** The metrics of one process, with what is read from the database and the engines at each scrape. */
export function createServiceMetrics({
  painter,
  database,
  jobs,
  storage,
}: Pick<Core, 'painter' | 'database' | 'jobs' | 'storage'>): Metrics {
  return createMetrics({
    async queueDepth() {
      const depths = new Map<string, number>();
      await database.transaction(async (transaction) => {
        for (const { slug } of painter.models()) depths.set(slug, await jobs.countQueued(transaction, slug));
      });
      return depths;
    },
    engineMemory: () => painter.memory(),
    isStorageAvailable: () => storage.problem === null,
  });
}
