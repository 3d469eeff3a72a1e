/** The query of an address; undefined values are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * An address of the server.
 *
 * @param path may contain `:name`, which is replaced by that part of `parts`
 * @throws TypeError for a part that would change the path
 * @example
 * addressOf('http://127.0.0.1:8400/', '/api/jobs/:id', { id: '7' }); // 'http://127.0.0.1:8400/api/jobs/7'
 */
export function addressOf(
  baseUrl: string,
  path: string,
  parts: Readonly<Record<string, string>> = {},
  query: Query = {},
): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodePart(name, parts[name] ?? ''));
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  return `${baseUrl.replace(/\/+$/, '')}${filled}${search}`;
}

/** Refuses `.` and `..`: they are resolved as path segments (URL standard §4.4), even when they are encoded. */
function encodePart(name: string, value: string): string {
  if (value !== '' && value !== '.' && value !== '..') return encodeURIComponent(value);
  throw new TypeError(`${name} must not be empty, "." or ".." (got ${JSON.stringify(value)})`);
}

/** The paths of the API. A copy of the contract's, of which the client imports only types so that it stays small. */
export const paths = {
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
  adminWebhooks: {
    endpoints: '/api/admin/webhooks/endpoints',
    endpoint: '/api/admin/webhooks/endpoints/:id',
    rotate: '/api/admin/webhooks/endpoints/:id/secret',
    test: '/api/admin/webhooks/endpoints/:id/test',
    deliveries: '/api/admin/webhooks/deliveries',
    delivery: '/api/admin/webhooks/deliveries/:id',
    resend: '/api/admin/webhooks/deliveries/:id/resend',
  },
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
  allJobs: '/api/admin/jobs',
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
  health: '/healthz',
  ready: '/readyz',
} as const;
