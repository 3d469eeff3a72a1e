import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decimalToMicro } from '@easel/contract';
import { settingsOfModels } from '../config/model-settings.ts';
import type { Config } from '../config/schema.ts';
import { grantCredits } from '../credits/ledger.ts';
import { buildHttp } from '../http/build-http.ts';
import { PendingReplies } from '../http/connections.ts';
import { newId } from '../ids.ts';
import { AwaitedJobs } from '../jobs/awaited-jobs.ts';
import { openSecret, type ServerSecret } from '../keys/server-secret.ts';
import { ensureStartingKeys } from '../keys/starting-keys.ts';
import { ModelStore } from '../models/model-store.ts';
import { loadReviewHook, type ReviewHook } from '../models/review.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { InputPictures } from '../pictures/input-pictures.ts';
import { allSurfaces } from '../surfaces/table.ts';
import { WebhookDeliverer } from '../webhooks/deliverer.ts';
import { WebhookService } from '../webhooks/endpoints.ts';
import { WebhookTargets } from '../webhooks/targets.ts';
import { listWorkers } from '../workers/workers-table.ts';
import { httpServices } from './http-services.ts';
import { isLoopback, listening, requireAddress, urlOf } from './listen.ts';
import { type Core, openCore, version } from './open-core.ts';
import { openStorage, readFolderId, type Storage } from './open-storage.ts';
import { Shutdown } from './shutdown.ts';
import { keepTidy, startWork, type Work } from './start-worker.ts';

/** Keys that have just been made: shown once and never again. */
export interface FirstKeys {
  readonly admin: string | undefined;
  readonly development: { readonly key: string; readonly credits: string } | undefined;
}

/** What the operator is told when the server listens. */
export interface Listening {
  readonly url: string;
  /** What answers to `playground-v2.5`. */
  readonly model: string;
  readonly isEmbeddedModel: boolean;
  readonly firstKeys: FirstKeys;
}

export interface RunningServer {
  readonly url: string;
  /** Ends the server in the phases of `Shutdown`. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Ends the start. */
  readonly signal: AbortSignal;
  /** Tells the operator. Keys that were drawn at this start are kept only once it has resolved. */
  readonly announce: (listening: Listening) => void | Promise<void>;
  /** Of the built web page; without it there is none. */
  readonly pageFolder?: string | undefined;
}

/**
 * Starts the image API with everything it needs. What was started is stopped again when a part cannot be.
 *
 * @throws StartupError, EngineError: each says what is wrong and what to do; the signal's reason
 */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const { signal } = options;
  const log = createLogger(config.logLevel);
  const hook = config.reviewHook === null ? null : await loadReviewHook(resolve(config.reviewHook));
  await requireAddress(config);
  const storage = await openStorage({ config, log, signal, exclusive: true });
  const shutdown = new Shutdown(log, { drainMs: config.drainSeconds * 1000 });
  shutdown.on('database', () => storage.close());
  try {
    const core = await openCore({ config, storage, log, shutdown, signal, draws: config.worker.enabled });
    const secret = await openSecret(core.database, config.secret, storage.dataDir);
    const serverId = await watchAwaitedJobs(core, storage, log, shutdown);
    const url = await serve({ config, log, hook, core, secret, serverId, shutdown, ...options });
    return { url, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

interface Parts extends ServerOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly hook: ReviewHook | null;
  readonly core: Core;
  readonly secret: ServerSecret;
  /** Of this run. */
  readonly serverId: string;
  readonly shutdown: Shutdown;
}

/** Listens before keys are drawn and work is begun: it is what fails most often. @returns the server's address */
async function serve({ config, log, hook, core, secret, serverId, shutdown, ...options }: Parts): Promise<string> {
  const { signal, announce, pageFolder } = options;
  const inputPictures = new InputPictures();
  shutdown.on('start images', () => inputPictures.close());
  const drained = new AbortController();
  const loras = Object.values(config.loras).map((lora) => (typeof lora === 'string' ? lora : lora.path));
  const parts = settingsOfModels(config).flatMap(({ path, unet, vae }) => [path, unet, vae]);
  const offered = [...loras, ...parts].filter((name) => typeof name === 'string');
  const modelStore = new ModelStore({ env: process.env, offered });
  shutdown.on('downloads', () => modelStore.close());
  const targets = new WebhookTargets({ networks: config.webhooks.networks, allowsHttp: config.webhooks.http });
  const webhooks = new WebhookService({ ...core, secret, targets });
  const services = httpServices(core, config, secret, { serverId, inputPictures, modelStore, webhooks });
  const surfaces = await allSurfaces({
    segmind: config.segmind,
    openai: config.openai,
    page: pageFolder === undefined ? null : { folder: pageFolder, session: services.pageSession },
  });
  const app = await buildHttp(surfaces, services, {
    bodyBytes: config.limits.bodyBytes,
    publicUrl: config.publicUrl,
    corsOrigins: config.cors.origins,
    trustedProxies: config.trustedProxies,
    version,
    logger: log,
    onAnswered: core.metrics.requestEnded,
    tracer: core.tracer,
    streamsPerKey: config.limits.streamsPerKey,
    streams: config.limits.streams,
    stopping: shutdown.begun,
    drained: drained.signal,
  });
  const replies = new PendingReplies(app.server);
  let closing: Promise<unknown> = Promise.resolve();
  shutdown.on('listening', async () => {
    closing = app.close(); // ends with the last reply, so it is waited for later
  });
  shutdown.on('requests', () => {
    drained.abort();
    return closing;
  });
  signal.throwIfAborted();
  await listening(config, '--port', () => app.listen({ host: config.host, port: config.port }));
  const tidying = keepTidy(core, log, shutdown.begun);
  shutdown.on('janitor', () => tidying);
  deliverWebhooks({ config, log, core, secret, targets, shutdown });
  const work = config.worker.enabled ? await startWork(core, { hook, log, warmUp: config.worker.warmUp }) : null;
  shutdown.on('jobs', () => finishJobs({ core, work, replies, drainMs: config.drainSeconds * 1000 }));
  const [model] = core.painter.models();
  const url = urlOf(config.host, app.server.address());
  const isEmbeddedModel = model?.isEmbedded ?? false;
  signal.throwIfAborted();
  await showFirstKeys(core, config, secret, (firstKeys) =>
    announce({ url, model: model?.name ?? '', isEmbeddedModel, firstKeys }),
  );
  return url;
}

/** Own jobs, and those that are made elsewhere for clients who wait here; within the time. */
async function finishJobs({ core, work, replies, drainMs }: JobsToFinish): Promise<void> {
  const end = new AbortController();
  const late = sleep(drainMs, undefined, { signal: end.signal }).catch(() => {});
  try {
    await work?.stop(drainMs);
    if (await areOthersWorking(core)) await Promise.race([replies.whenNone(), late]);
  } finally {
    end.abort();
  }
}

interface JobsToFinish {
  readonly core: Core;
  /** Of this process; null: it makes no pictures. */
  readonly work: Work | null;
  readonly replies: PendingReplies;
  readonly drainMs: number;
}

/** Without a database nothing that waits here would be told of its end. */
async function areOthersWorking({ database }: Core): Promise<boolean> {
  const workers = await listWorkers(database).catch(() => []);
  return workers.some(({ isLost }) => !isLost);
}

function deliverWebhooks(
  parts: Pick<Parts, 'config' | 'log' | 'core' | 'secret' | 'shutdown'> & { targets: WebhookTargets },
): void {
  const { config, log, core, secret, targets, shutdown } = parts;
  const deliverer = new WebhookDeliverer(
    {
      ...core,
      secret,
      targets,
      report: (level, message, details) => log[level](details, message),
      onAttempt: (result) => core.metrics.webhookSent(result),
    },
    { timeoutMs: config.webhooks.timeoutSeconds * 1000 },
  );
  deliverer.start();
  shutdown.on('webhooks', () => deliverer.stop());
}

/** Makes the admin key and the development key unless they are there; new ones are kept only once `show` has resolved. */
async function showFirstKeys(
  core: Core,
  { adminKey, devKey, devCredits, host }: Config,
  secret: ServerSecret,
  show: (keys: FirstKeys) => void | Promise<void>,
): Promise<void> {
  await ensureStartingKeys(
    { ...core, secret, grant: grantCredits },
    {
      admin: { fixed: adminKey },
      development: { fixed: devKey, credits: decimalToMicro(devCredits), isLoopback: isLoopback(host) },
      async show({ admin, development }) {
        const shown = development === null ? undefined : { key: development, credits: devCredits };
        await show({ admin: admin ?? undefined, development: shown });
      },
    },
  );
}

/** Before the first worker starts: jobs whose clients are gone should not run. */
async function watchAwaitedJobs(core: Core, storage: Storage, log: Logger, shutdown: Shutdown): Promise<string> {
  const serverId = newId();
  const awaited = new AwaitedJobs(core, {
    server: { id: serverId, folderId: await readFolderId(storage.dataDir) },
    report: (error) => log.warn({ err: error }, 'could not update the heartbeat of the server; retrying'),
  });
  await awaited.start();
  shutdown.on('awaited jobs', () => awaited.stop());
  return serverId;
}
