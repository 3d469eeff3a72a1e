import type { AddressInfo } from 'node:net';
import type { Config } from '../config/schema.ts';
import { buildHttp } from '../http/build-http.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { secretFromText, secretOfFolder } from '../storage/server-secret.ts';
import { closingRequests } from './closing-requests.ts';
import { httpServices } from './http-services.ts';
import { type Core, openCore } from './open-core.ts';
import { openStorage, type Storage } from './open-storage.ts';
import { createServiceMetrics } from './service-metrics.ts';
import { type Phase, shutDown } from './shutdown.ts';
import { keepTidy, startWork, type Work } from './start-work.ts';
import { type FirstKeys, startingKeys } from './starting-keys.ts';
import { version } from './version.ts';

export interface RunningServer {
  readonly url: string;
  /** What answers to `playground-v2.5`. */
  readonly model: string;
  readonly isEmbeddedModel: boolean;
  readonly firstKeys: FirstKeys;
  /** In named phases: no new requests; running jobs finish or are handed back; then queue, engine and database. */
  stop(): Promise<void>;
}

/**
 * Starts the image API with everything it needs. What was started is stopped again when a part cannot be.
 *
 * @param options.signal ends the start
 * @param options.pageFolder of the built web page; without it there is none
 * @throws ConfigError, DatabaseUnavailable, EngineError: each says what is wrong and what to do
 */
export async function startServer(
  config: Config,
  { signal, pageFolder }: { readonly signal: AbortSignal; readonly pageFolder?: string | undefined },
): Promise<RunningServer> {
  const log = createLogger(config.logLevel);
  const storage = await openStorage({ config, log, signal, exclusive: true });
  const end: Phase[] = [{ name: 'database', timeoutMs: 70_000, run: () => storage.close() }];
  try {
    const core = await openCore(config, storage, log, end);
    signal.throwIfAborted();
    return await serve({ config, log, storage, core, end, pageFolder });
  } catch (error) {
    await shutDown(end, log);
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly storage: Storage;
  readonly core: Core;
  readonly pageFolder: string | undefined;
  /** What has to be done at the end, first things first; each part that starts puts itself in front. */
  readonly end: Phase[];
}

async function serve({ config, log, storage, core, end, pageFolder }: Parts): Promise<RunningServer> {
  const secret = config.secret === null ? await secretOfFolder(storage.dataDir) : secretFromText(config.secret);
  const firstKeys = await startingKeys(core, config, secret);
  const metrics = createServiceMetrics(core);
  const stopping = new AbortController();
  const drained = new AbortController();
  const tidying = keepTidy(core, log, stopping.signal);
  end.unshift({ name: 'janitor', timeoutMs: 5000, run: () => tidying });
  const jobs = config.worker.enabled ? [drainOf(await startWork(core, config, log, metrics), config)] : [];
  end.unshift(...jobs);
  const app = await buildHttp(httpServices(core, config, secret, metrics), {
    bodyBytes: config.limits.bodyBytes,
    publicUrl: config.publicUrl,
    corsOrigins: config.cors.origins,
    trustedProxies: config.trustedProxies,
    segmindBase64Default: config.segmind.base64Default,
    openaiModelAliases: config.openai.modelAliases,
    version,
    pageFolder,
    logger: log,
    onAnswered: metrics.requestEnded,
    stopping: stopping.signal,
    drained: drained.signal,
  });
  const requests = closingRequests(app, drained);
  end.splice(0, jobs.length, requests.first, ...jobs, requests.last);
  await app.listen({ host: config.host, port: config.port });
  const [model] = core.painter.models();
  return {
    url: urlOf(config, app.server.address()),
    model: model?.name ?? '',
    isEmbeddedModel: model?.isEmbedded ?? false,
    firstKeys,
    stop() {
      stopping.abort();
      return shutDown(end, log);
    },
  };
}

/** Running jobs get their time; requests that wait for them are answered meanwhile. */
function drainOf(work: Work, { drainSeconds }: Config): Phase {
  const drainMs = drainSeconds * 1000;
  return { name: 'jobs', timeoutMs: drainMs + 15_000, run: () => work.stop(drainMs) };
}

function urlOf({ host }: Config, address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return String(address);
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${address.port}`;
}
