import { join } from 'node:path';
import type { Tariff } from '@easel/contract';
import { encodeThumbnail } from '@easel/engine';
import { afterAll, beforeAll } from 'vitest';
import { CollectionService } from '../../src/collections/collections.ts';
import { CreditService } from '../../src/credits/credits.ts';
import { buildHttp } from '../../src/http/build-http.ts';
import type { HttpServices } from '../../src/http/services.ts';
import type { HttpApp, HttpOptions, Surface } from '../../src/http/surface.ts';
import { CurrentModels } from '../../src/jobs/current-models.ts';
import { closeAccount } from '../../src/jobs/ends-of-jobs.ts';
import { importPicture } from '../../src/jobs/import-picture.ts';
import { cancelUnfinishedJobs, moveJob } from '../../src/jobs/own-queue.ts';
import { findSpeeds } from '../../src/jobs/speed.ts';
import { AuditLog } from '../../src/keys/audit-log.ts';
import { countAgainstLimit, readLimit, watchKey } from '../../src/keys/callers.ts';
import type { KeyTerms } from '../../src/keys/key-table.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { EnginePainter } from '../../src/models/engine-painter.ts';
import { ModelStore } from '../../src/models/model-store.ts';
import type { Painter } from '../../src/models/painter.ts';
import type { ReviewHook } from '../../src/models/review.ts';
import type { ServedModel } from '../../src/models/served-models.ts';
import { InputPictures } from '../../src/pictures/input-pictures.ts';
import { shrinkWith, Thumbnails } from '../../src/pictures/thumbnails.ts';
import { StyleService } from '../../src/styles/styles.ts';
import { PageSession } from '../../src/surfaces/page/session.ts';
import { allSurfaces } from '../../src/surfaces/table.ts';
import { WebhookService } from '../../src/webhooks/endpoints.ts';
import { WebhookTargets } from '../../src/webhooks/targets.ts';
import { listWorkers } from '../../src/workers/workers-table.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

/** What signs webhooks in tests, and where they may go: to receivers on this machine. */
const webhookParts = {
  secret: secretsOfText('the secret of the webhooks in a test')[0],
  targets: new WebhookTargets({ networks: ['127.0.0.0/8'], allowsHttp: true }),
};

export const slug = 'playground-v2.5';
/** A model that no worker takes jobs of: they wait. */
export const unattended = 'unattended';
const CREDITS = 1_000_000n;
/** What an account may import in these tests. */
const IMPORTED_BYTES = 400_000;

export interface HttpInTest {
  readonly app: HttpApp;
  readonly services: HttpServices;
  readonly jobs: JobServices;
  /** The headers of a new customer's key. */
  customer(terms?: Partial<KeyTerms>, available?: bigint): Promise<Customer>;
  /** Another server over the same services; closed with the file. */
  build(options: Partial<BuildOptions>, instead?: Partial<HttpServices>): Promise<HttpApp>;
}

type Services = HttpServices & { readonly pageSession: PageSession };

interface BuildOptions extends HttpOptions {
  readonly openaiModelAliases: readonly string[];
  readonly pageFolder: string | undefined;
  readonly pageSession: PageSession;
  readonly moreSurfaces: readonly Surface[];
}

export interface Customer {
  readonly accountId: string;
  readonly keyId: string;
  readonly auth: { readonly 'x-api-key': string };
  readonly json: { readonly 'x-api-key': string; readonly 'content-type': string };
}

export interface HttpTestOptions {
  /** What the worker draws with instead of the engine itself. */
  readonly painterOf?: (engine: Painter) => Painter;
  readonly hook?: ReviewHook | null;
  /** Models besides the embedded one, in a folder of the tests' own. */
  readonly moreModels?: (folder: string) => Promise<readonly ServedModel[]>;
  /** Their prices, by their names. */
  readonly rates?: Tariff['models'];
  /** The file of a network that enlarges pictures, which only the model that is drawn with has. */
  readonly upscaler?: string;
}

const options: HttpOptions = {
  bodyBytes: 1_000_000,
  publicUrl: null,
  corsOrigins: ['https://page.example'],
  version: '0.0.0',
};

/** The routes over a real database, queue, folder and engine. Call it once, at the top. @returns it, from the first test on */
export function useHttp({
  painterOf = (painter) => painter,
  hook = null,
  moreModels = async () => [],
  rates = {},
  upscaler,
}: HttpTestOptions = {}): () => HttpInTest {
  const opened = useDatabase();
  const folder = useTemporaryFolder();
  const closing: (() => Promise<unknown>)[] = [];
  let running: HttpInTest | undefined;

  beforeAll(async () => {
    const more = await moreModels(folder());
    const painter = await EnginePainter.open({
      // Without its 8-bit weights, the second one does the profile `exact` only.
      models: [
        { slug, model: 'demo', upscaler },
        { slug: unattended, model: 'demo', int8File: join(folder(), 'missing.int8') },
        ...more,
      ],
      easelVersion: 'test',
      env: process.env,
      threads: 1,
      onLog: () => {},
    });
    closing.push(() => painter.close());
    const others = more.map((each) => each.slug);
    const models = [slug, unattended, ...others];
    const jobs = await startJobServices({ ...opened(), folder: folder(), models, queueLength: 3, rates });
    closing.push(() => jobs.stop());
    const { run } = jobs.worker(painterOf(painter), hook);
    for (const model of [slug, ...others]) await jobs.queue.work({ model, onJob: (job) => run(job) });
    const inputPictures = new InputPictures();
    closing.push(() => inputPictures.close());
    const services = httpServices(jobs, painter, inputPictures);
    const build: HttpInTest['build'] = async (own, instead) => {
      const { openaiModelAliases: modelAliases = ['dall-e-3'], pageFolder: page } = own;
      const { pageSession: session = services.pageSession, moreSurfaces = [] } = own;
      const surfaces = await allSurfaces({
        segmind: { base64Default: true },
        openai: { modelAliases },
        page: page === undefined ? null : { folder: page, session },
      });
      const app = await buildHttp(
        [...surfaces, ...moreSurfaces],
        { ...services, pageSession: session, ...instead },
        { ...options, ...own },
      );
      closing.push(() => {
        // Clients of the tests may keep connections open on which nothing is asked.
        app.server.closeAllConnections();
        return app.close();
      });
      return app;
    };
    running = { app: await build({}), services, jobs, build, customer };
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  async function customer(terms: Partial<KeyTerms> = {}, available = CREDITS): Promise<Customer> {
    const { text, ...ids } = await newCustomer(opened().database, { terms, available });
    const auth = { 'x-api-key': text };
    return { ...ids, auth, json: { ...auth, 'content-type': 'application/json' } };
  }

  return () => {
    if (running === undefined) throw new Error('the server is there from the first test on');
    return running;
  };
}

function httpServices(jobs: JobServices, painter: EnginePainter, inputPictures: InputPictures): Services {
  const { database, clock } = jobs;
  const { accountService, keyService } = customerServices(database);
  const models = () => painter.models();
  const card = () => models().find(({ isDefault }) => isDefault) ?? missing();
  return {
    accounts: {
      create: (account) => accountService.create(account),
      get: (id) => accountService.get(id),
      list: (page) => accountService.list(page),
      change: (id, changes) => accountService.change(id, changes),
      close: (id) => closeAccount(jobs.context, accountService, id),
      reopen: (id) => accountService.reopen(id),
    },
    audit: new AuditLog({ database, clock }),
    keys: {
      authenticate: (text) => keyService.authenticate(text),
      expiryOf: (id) => keyService.expiryOf(id),
      create: (terms) => keyService.create(terms),
      list: (accountId) => keyService.list(accountId),
      change: (id, changes) => keyService.change(id, changes),
      async revoke(id) {
        const revoked = await keyService.revoke(id);
        await jobs.cancelJobsOfKey(id);
        return revoked;
      },
    },
    watchKey: (keyId) => watchKey({ bus: jobs.bus, keys: keyService }, keyId),
    pageSession: new PageSession({
      secret: secretsOfText('the secret of the page in a test')[0],
      owner: () => keyService.development(),
    }),
    credits: new CreditService({ database, clock }),
    countAgainstLimit: (caller) => countAgainstLimit({ database, clock, requestsPerMinute: 1000 }, caller),
    rateLimitOf: (caller) => readLimit({ database, clock, requestsPerMinute: 1000 }, caller),
    tariff: jobs.tariff,
    drafts: jobs.drafts,
    models,
    currentModels: new CurrentModels({ database, painter }),
    speeds: (model) => database.transaction((queries) => findSpeeds(queries, model)),
    tokenize: (model, text, syntax) => painter.tokenize(model, text, syntax),
    styles: new StyleService({ database }),
    serverId: '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e',
    submitJob: jobs.submitJob,
    checkSubmission: jobs.checkSubmission,
    cancelJob: jobs.cancelJob,
    cancelJobs: (accountId, state) => cancelUnfinishedJobs(jobs.context, accountId, state),
    moveJob: (accountId, jobId, place) => moveJob(jobs.context, accountId, jobId, place),
    forgetJob: jobs.forgetJob,
    jobs: jobs.jobs,
    importPicture: (upload) =>
      importPicture({ ...jobs.context, ...jobs, inputPictures, card, mostBytes: IMPORTED_BYTES }, upload),
    waitForJob: (jobId, signal) => jobs.feed.end(jobId, signal),
    followJob: (jobId, afterId, signal) => jobs.feed.follow(jobId, afterId, signal),
    followAccount: (accountId, afterId, signal) => jobs.feed.followAccount(accountId, afterId, signal),
    images: jobs.library,
    collections: new CollectionService({ database, clock }),
    thumbnails: new Thumbnails({ library: jobs.library, shrink: shrinkWith(encodeThumbnail, inputPictures) }),
    inputPictures,
    webhooks: new WebhookService({ database, clock, ...webhookParts }),
    queue: jobs.control,
    modelStore: new ModelStore({ env: process.env, offered: [] }),
    workers: () => listWorkers(database),
    ready: async () => ({ status: 'not_ready', checks: [{ name: 'database', ok: false, message: 'gone' }] }),
    metrics: { text: async () => 'easel_up 1\n', contentType: 'text/plain; version=0.0.4; charset=utf-8' },
  };
}

function missing(): never {
  throw new Error('no model is the default one');
}
