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
import { endOfKey } from '../keys/end-of-key.ts';
import { KeyService } from '../keys/keys.ts';
import { RateLimiter } from '../keys/rate-limits.ts';
import type { ServerSecret } from '../keys/secret.ts';
import type { Metrics } from '../observability/metrics.ts';
import { ImageLibrary } from '../pictures/image-library.ts';
import { Thumbnails } from '../pictures/thumbnails.ts';
import { PageSession } from '../surfaces/page/session.ts';
import { isLoopback } from './is-loopback.ts';
import type { Core } from './open-core.ts';
import { readiness } from './readiness.ts';

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
): HttpServices {
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
    endOfKey: (keyId) => endOfKey({ bus: core.bus, keys }, keyId),
    pageSession: isForThisMachineOnly(config) ? new PageSession({ secret, owner: () => keys.development() }) : null,
    credits: new CreditService(core),
    rateLimiter: new RateLimiter({ ...core, requestsPerMinute: limits.requestsPerMinute }),
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
