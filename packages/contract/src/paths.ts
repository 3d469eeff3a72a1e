/** Every address, `:name` standing for a part that varies. Server, client and page take them from here. */
export const paths = {
  segmind: {
    generate: '/v1/:slug',
    credits: '/v1/get-user-credits',
    poll: '/v1/requests/:id',
    submit: '/v2/:slug',
    status: '/v2/requests/:id/status',
    result: '/v2/requests/:id',
  },
  openai: {
    images: '/v1/images/generations',
    edits: '/v1/images/edits',
    models: '/v1/models',
    model: '/v1/models/:id',
  },
  api: {
    jobs: '/api/jobs',
    job: '/api/jobs/:id',
    cancelJobs: '/api/jobs/cancel',
    moveJob: '/api/jobs/:id/move',
    jobEvents: '/api/jobs/:id/events',
    jobRecord: '/api/jobs/:id/record',
    events: '/api/events',
    image: '/api/images/:name',
    archive: '/api/images.zip',
    imports: '/api/imports',
    collections: '/api/collections',
    collection: '/api/collections/:id',
    collectionPictures: '/api/collections/:id/pictures',
    imageJob: '/api/images/:name/job',
    styles: '/api/styles',
    style: '/api/styles/:name',
    tokenize: '/api/tokenize',
    price: '/api/price',
    models: '/api/models',
    credits: '/api/credits',
    usage: '/api/usage',
    ledger: '/api/ledger',
    webhooks: {
      endpoints: '/api/webhooks/endpoints',
      endpoint: '/api/webhooks/endpoints/:id',
      rotate: '/api/webhooks/endpoints/:id/secret',
      test: '/api/webhooks/endpoints/:id/test',
      secret: '/api/webhooks/secret',
      deliveries: '/api/webhooks/deliveries',
      delivery: '/api/webhooks/deliveries/:id',
      resend: '/api/webhooks/deliveries/:id/resend',
    },
  },
  admin: {
    accounts: '/api/admin/accounts',
    account: '/api/admin/accounts/:id',
    accountLedger: '/api/admin/accounts/:id/ledger',
    accountUsage: '/api/admin/accounts/:id/usage',
    accountGrants: '/api/admin/accounts/:id/grants',
    closeAccount: '/api/admin/accounts/:id/close',
    reopenAccount: '/api/admin/accounts/:id/reopen',
    keys: '/api/admin/keys',
    key: '/api/admin/keys/:id',
    grants: '/api/admin/grants',
    jobs: '/api/admin/jobs',
    anyJob: '/api/admin/jobs/:id',
    refund: '/api/admin/jobs/:id/refund',
    usageReport: '/api/admin/usage',
    audit: '/api/admin/audit',
    queue: '/api/admin/queue',
    pauseQueue: '/api/admin/queue/pause',
    resumeQueue: '/api/admin/queue/resume',
    workers: '/api/admin/workers',
    installedModels: '/api/admin/models',
    modelPulls: '/api/admin/models/pulls',
    modelPull: '/api/admin/models/pulls/:id',
    webhooks: {
      endpoints: '/api/admin/webhooks/endpoints',
      endpoint: '/api/admin/webhooks/endpoints/:id',
      rotate: '/api/admin/webhooks/endpoints/:id/secret',
      test: '/api/admin/webhooks/endpoints/:id/test',
      deliveries: '/api/admin/webhooks/deliveries',
      delivery: '/api/admin/webhooks/deliveries/:id',
      resend: '/api/admin/webhooks/deliveries/:id/resend',
    },
  },
  health: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
  openapi: '/openapi.json',
} as const;

/** The addresses of the web page's views; one document for all of them. */
export const pagePaths = {
  playground: '/',
  gallery: '/gallery',
  arena: '/arena',
  console: '/console',
  reference: '/reference',
} as const;

/** Parts of a view with an address of their own, below that of the view. */
export const pageParts = {
  arena: ['sheet'],
  console: ['jobs', 'accounts', 'keys', 'usage', 'models', 'webhooks', 'audit'],
} as const;

/** Addresses that the page had before, and those that they lead to. */
export const movedPagePaths: Readonly<Record<string, string>> = { '/history': pagePaths.gallery };

/** Where the page shows one picture: to its owner with all that can be done with it, to others for looking at. */
export const picturePagePath = '/p/:name';

/** The slug that the default model answers to. */
export const defaultSlug = 'playground-v2.5';

/** First parts of addresses under `/v1` and `/v2`, which no model may be called. */
export const reservedSlugs: readonly string[] = ['models', 'images', 'requests', 'predictions', 'get-user-credits'];
