import type { Ready, ReadyCheck } from '@easel/contract';
import { encodeThumbnail } from '@easel/engine';
import { CollectionService } from '../collections/collections.ts';
import type { Config } from '../config/schema.ts';
import { CreditService } from '../credits/credits.ts';
import type { HttpServices } from '../http/services.ts';
import { CurrentModels } from '../jobs/current-models.ts';
import { cancelJob, cancelJobsOfKey, closeAccount } from '../jobs/ends-of-jobs.ts';
import { importPicture } from '../jobs/import-picture.ts';
import { JobFeed } from '../jobs/job-feed.ts';
import { forgetJob, getJob, getPictures, listJobs, setFavourite } from '../jobs/job-views.ts';
import { cancelUnfinishedJobs, moveJob } from '../jobs/own-queue.ts';
import { pauseQueue, readQueueState, resumeQueue } from '../jobs/queue-control.ts';
import { findSpeeds } from '../jobs/speed.ts';
import { JobSubmitter } from '../jobs/submit-job.ts';
import { AccountService } from '../keys/accounts.ts';
import { AuditLog } from '../keys/audit-log.ts';
import { countAgainstLimit, readLimit, watchKey } from '../keys/callers.ts';
import { KeyService } from '../keys/keys.ts';
import type { ServerSecret } from '../keys/server-secret.ts';
import { WrongKeyLimit } from '../keys/wrong-keys.ts';
import type { ModelCard } from '../models/model-card.ts';
import { shrinkWith, Thumbnails } from '../pictures/thumbnails.ts';
import { StyleService } from '../styles/styles.ts';
import { PageSession } from '../surfaces/page/session.ts';
import { listWorkers } from '../workers/workers-table.ts';
import { isLoopback } from './listen.ts';
import type { Core } from './open-core.ts';

/** What the server has opened already. */
type Opened = Pick<HttpServices, 'serverId' | 'inputPictures' | 'modelStore' | 'webhooks'>;

/** The domain's services as the routes want them. */
export function httpServices(
  core: Core,
  config: Config,
  secret: ServerSecret,
  opened: Opened,
): HttpServices & { readonly pageSession: PageSession | null } {
  const feed = new JobFeed(core);
  const submitter = new JobSubmitter(core);
  const keys = new KeyService({ ...core, secret });
  const { drafts, library, metrics, painter, tariff } = core;
  const { requestsPerMinute, wrongKeysPerMinute, importedBytesPerAccount: mostBytes } = config.limits;
  const importing = { ...core, inputPictures: opened.inputPictures, card: () => defaultCard(painter), mostBytes };
  return {
    accounts: accountsOf(core),
    audit: new AuditLog(core),
    keys: keysOf(core, keys, new WrongKeyLimit({ ...core, wrongKeysPerMinute })),
    watchKey: (keyId) => watchKey({ bus: core.bus, keys }, keyId),
    pageSession: isForThisMachineOnly(config) ? new PageSession({ secret, owner: () => keys.development() }) : null,
    credits: new CreditService(core),
    countAgainstLimit: (caller) => countAgainstLimit({ ...core, requestsPerMinute }, caller),
    rateLimitOf: (caller) => readLimit({ ...core, requestsPerMinute }, caller),
    tariff,
    drafts,
    models: () => painter.models(),
    currentModels: new CurrentModels(core),
    speeds: (model) => core.database.transaction((queries) => findSpeeds(queries, model)),
    tokenize: (model, text, syntax) => painter.tokenize(model, text, syntax),
    styles: new StyleService(core),
    ...opened,
    submitJob: (submission) => submitter.submit(submission),
    checkSubmission: (submission) => submitter.check(submission),
    cancelJob: (accountId, jobId) => cancelJob(core, accountId, jobId),
    cancelJobs: (accountId, state) => cancelUnfinishedJobs(core, accountId, state),
    moveJob: (accountId, jobId, place) => moveJob(core, accountId, jobId, place),
    forgetJob: (accountId, jobId) => forgetJob(core, accountId, jobId),
    jobs: {
      get: (accountId, jobId) => getJob(core, accountId, jobId),
      list: (filter) => listJobs(core, filter),
      setFavourite: (accountId, jobId, favourite) => setFavourite(core, accountId, jobId, favourite),
      ofImages: (accountId, names) => getPictures(core, accountId, names),
    },
    importPicture: (upload) => importPicture(importing, upload),
    waitForJob: (jobId, signal) => feed.end(jobId, signal),
    followJob: (jobId, afterId, signal) => feed.follow(jobId, afterId, signal),
    followAccount: (accountId, afterId, signal) => feed.followAccount(accountId, afterId, signal),
    images: library,
    collections: new CollectionService(core),
    thumbnails: new Thumbnails({ library, shrink: shrinkWith(encodeThumbnail, opened.inputPictures) }),
    queue: {
      state: () => readQueueState(core),
      pause: () => pauseQueue(core),
      resume: () => resumeQueue(core),
    },
    workers: () => listWorkers(core.database),
    ready: (signal) => readiness(core, signal),
    metrics,
  };
}

/** Of which a server has one, whatever it serves. */
function defaultCard(painter: Core['painter']): ModelCard {
  const card = painter.models().find(({ isDefault }) => isDefault);
  if (card === undefined) throw new TypeError('no model is the default one');
  return card;
}

function accountsOf(core: Core): HttpServices['accounts'] {
  const accounts = new AccountService(core);
  return {
    create: (account) => accounts.create(account),
    get: (id) => accounts.get(id),
    list: (page) => accounts.list(page),
    change: (id, changes) => accounts.change(id, changes),
    close: (id) => closeAccount(core, accounts, id),
    reopen: (id) => accounts.reopen(id),
  };
}

function keysOf(core: Core, keys: KeyService, wrongKeys: WrongKeyLimit): HttpServices['keys'] {
  return {
    authenticate: (text, address) => wrongKeys.guard(address, text, () => keys.authenticate(text)),
    expiryOf: (id) => keys.expiryOf(id),
    create: (terms) => keys.create(terms),
    list: (accountId) => keys.list(accountId),
    change: (id, changes) => keys.change(id, changes),
    async revoke(id) {
      const revoked = await keys.revoke(id);
      await cancelJobsOfKey(core, id);
      return revoked;
    },
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
 * Whether requests would be served: the database answers, the queue works, pictures can be stored, and some worker has made a picture with the default model.
 * A worker whose idle engine was stopped stays ready.
 */
async function readiness(core: Core, signal: AbortSignal): Promise<Ready> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const checks = await Promise.all([
    check('database', patience, async () => {
      await readQueueState(core);
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
      const workers = await listWorkers(core.database);
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
