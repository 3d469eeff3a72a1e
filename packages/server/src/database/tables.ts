import type {
  ArithmeticName,
  CalledNames,
  DeviceName,
  FilledRequest,
  KeyScope,
  LedgerKind,
  Profile,
  RefillMode,
  SentWebhookEvent,
  WebhookEvent,
  WebhookState,
  WorkerEngine,
} from '@easel/contract';
import type { ColumnType, Generated } from 'kysely';

/** Where all tables of the service are; the queue has a schema of its own. */
export const SCHEMA = 'easel';

/** Set by the database unless told otherwise, never changed afterwards. */
type CreatedAt = ColumnType<Date, Date | undefined, never>;
/** Any JSON; written as text, because the driver would take an array for one of PostgreSQL's. */
type Json = ColumnType<unknown, string, string>;
type Optional<Value> = ColumnType<Value | null, Value | null | undefined, Value | null>;

/** Where a key comes from: the first start (`development`, `admin`), a setting in the environment, or an administrator. */
export type KeyOrigin = 'development' | 'admin' | 'environment' | 'created';
export type HoldState = 'open' | 'charged' | 'released';
export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface AccountsTable {
  id: string;
  name: string;
  max_concurrent: Optional<number>;
  max_queued: Optional<number>;
  virtual_finish: Generated<bigint>;
  created_at: CreatedAt;
  /** null: open. */
  closed_at: Optional<Date>;
}

export interface ApiKeysTable {
  id: string;
  account_id: string;
  name: string;
  hash: Buffer;
  hint: string;
  scopes: KeyScope[];
  models: Optional<string[]>;
  monthly_budget: Optional<bigint>;
  requests_per_minute: Optional<number>;
  expires_at: Optional<Date>;
  revoked_at: Optional<Date>;
  origin: KeyOrigin;
  created_at: CreatedAt;
  last_used_at: Optional<Date>;
}

/** The sums of an account's ledger entries; locking its row locks the account's credits. */
export interface BalancesTable {
  account_id: string;
  available: Generated<bigint>;
  /** How far `available` may fall: 0, or less after a correction that was allowed to go below zero. */
  floor: Generated<bigint>;
  held: Generated<bigint>;
}

export interface LedgerTransactionsTable {
  id: Generated<bigint>;
  kind: LedgerKind;
  account_id: string;
  key_id: Optional<string>;
  job_id: Optional<string>;
  note: Optional<string>;
  /** What the account could spend after it. */
  remaining: bigint;
  /** Of a grant: its `Idempotency-Key`. */
  idempotency_key: Optional<string>;
  created_at: CreatedAt;
}

export interface LedgerEntriesTable {
  transaction_id: bigint;
  /** `issued`, `revenue`, `available:<account>` or `held:<account>`. */
  ledger_account: string;
  amount: bigint;
}

export interface HoldsTable {
  job_id: string;
  account_id: string;
  key_id: string;
  model: string;
  samples: number;
  amount: bigint;
  state: ColumnType<HoldState, HoldState | undefined, HoldState>;
  /** `YYYY-MM` in UTC: the month whose budget the price counts against. */
  month: string;
  created_at: CreatedAt;
  ended_at: Optional<Date>;
}

/** What a job was charged and its account got back; once. */
export interface RefundsTable {
  job_id: string;
  account_id: string;
  amount: bigint;
  reason: string;
  /** The administrator's key. */
  refunded_by: string;
  refunded_at: Date;
}

/** What an account gets each month. */
export interface RefillsTable {
  account_id: string;
  amount: bigint;
  /** Of the month; in a shorter month its last day. */
  day: number;
  mode: RefillMode;
  /** When it was set: earlier days do not count. */
  since: Date;
}

/** Months that are done. */
export interface RefillMonthsTable {
  account_id: string;
  /** `YYYY-MM` in UTC. */
  month: string;
  amount: bigint;
  refilled_at: Date;
}

/** What administrators did. */
export interface AuditLogTable {
  id: Generated<bigint>;
  request_id: string;
  key_id: string;
  /** The address that the request came from. */
  client: string;
  /** The `operationId` of the route. */
  action: string;
  account_id: Optional<string>;
  subject: Optional<string>;
  details: Json;
  /** Of the reply; null: not answered yet, or the server ended in between. */
  status: Optional<number>;
  created_at: ColumnType<Date, Date, never>;
}

export interface KeyMonthsTable {
  key_id: string;
  month: string;
  spent: Generated<bigint>;
  held: Generated<bigint>;
}

export interface JobsTable {
  id: string;
  account_id: string;
  key_id: string;
  surface: string;
  model: string;
  request: FilledRequest & { readonly called?: CalledNames };
  prompt: Optional<string>;
  state: ColumnType<JobState, JobState | undefined, JobState>;
  price: bigint;
  priority: Generated<number>;
  virtual_start: bigint;
  attempt: Generated<number>;
  worker_id: Optional<string>;
  seed: bigint;
  width: number;
  height: number;
  samples: number;
  steps: number;
  profile: Generated<Profile>;
  favourite: Generated<boolean>;
  store: Generated<boolean>;
  draft: Generated<boolean>;
  error_code: Optional<string>;
  error_message: Optional<string>;
  error_param: Optional<string>;
  created_at: CreatedAt;
  started_at: Optional<Date>;
  finished_at: Optional<Date>;
  queue_ms: Optional<number>;
  run_ms: Optional<number>;
  drawn_by: Optional<string>;
  /** What its pictures were drawn on, and in which precision; null for one of an earlier release. */
  device: Optional<DeviceName>;
  arithmetic: Optional<ArithmeticName>;
  expires_at: Optional<Date>;
  /** The request that submitted it, as the logs name it. */
  request_id: Optional<string>;
  /** The number of the event that ended it. */
  ended_event: Optional<bigint>;
  /** The server on which its client waits with an open connection; null: nobody waits. */
  waiter: Optional<string>;
  /** Where its end is told, and where the addresses of its pictures begin. */
  webhook_url: Optional<string>;
  webhook_base: Optional<string>;
  /** W3C Trace Context of the request that submitted it; null: it is not traced. */
  traceparent: Optional<string>;
}

export interface JobImagesTable {
  name: string;
  job_id: string;
  index: number;
  format: 'jpeg' | 'png' | 'webp';
  width: number;
  height: number;
  bytes: number;
  /** Of the file; null for one that was stored by an earlier release. */
  sha256: Optional<Buffer>;
  seed: bigint;
  created_at: CreatedAt;
  expires_at: Optional<Date>;
  deleted_at: Optional<Date>;
}

export interface IdempotencyTable {
  account_id: string;
  key: string;
  body_hash: Buffer;
  job_id: string;
  created_at: CreatedAt;
}

export interface JobEventsTable {
  id: Generated<bigint>;
  job_id: string;
  kind: string;
  data: Json;
  preview: Optional<Buffer>;
  created_at: CreatedAt;
}

export interface RateWindowsTable {
  key_id: string;
  window_start: Date;
  count: number;
}

export interface WorkersTable {
  id: string;
  hostname: string;
  pid: number;
  models: string[];
  started_at: Date;
  seen_at: Date;
  state: string;
  running_job: Optional<string>;
  model_memory: ColumnType<Record<string, number>, string, string>;
  /** Empty: of an earlier release, which runs each of its models once, on the CPU. */
  engines: ColumnType<readonly WorkerEngine[], string | undefined, string>;
  problem: Optional<string>;
}

/** Servers that have clients waiting. */
export interface ServersTable {
  id: string;
  /** Of its data folder: only one server at a time has it. */
  place: string;
  seen_at: Date;
}

export interface SettingsTable {
  name: string;
  value: Json;
}

export interface DeviceSpeedTable {
  model: string;
  profile: Profile;
  /** See `deviceLabel`. */
  device: string;
  ms_per_step_megapixel: number;
  ms_per_image: number;
  runs: number;
}

export interface StylesTable {
  account_id: string;
  name: string;
  prompt: string;
  negative_prompt: Optional<string>;
}

export interface CollectionsTable {
  id: string;
  account_id: string;
  name: string;
  created_at: Date;
}

export interface CollectionImagesTable {
  collection_id: string;
  image_name: string;
  added_at: Date;
}

export interface WebhookEndpointsTable {
  id: string;
  account_id: string;
  url: string;
  events: WebhookEvent[];
  enabled: boolean;
  disabled_reason: Optional<string>;
  include_prompt: boolean;
  /** Where the addresses of pictures in its events begin. */
  base_url: string;
  /** Counts the rotations of its secret, see `secretOf`. */
  secret_version: Generated<number>;
  rotated_at: Optional<Date>;
  created_at: CreatedAt;
}

/** Of accounts that have rotated the secret for the addresses of their jobs. */
export interface WebhookSecretsTable {
  account_id: string;
  secret_version: number;
  rotated_at: Optional<Date>;
}

export interface WebhookDeliveriesTable {
  id: string;
  account_id: string;
  /** Null: to the address of the job. The endpoint may be deleted. */
  endpoint_id: Optional<string>;
  url: string;
  event: SentWebhookEvent;
  job_id: Optional<string>;
  body: string;
  state: ColumnType<WebhookState, WebhookState | undefined, WebhookState>;
  /** How often it was sent, and how often since it was last asked for. */
  attempts: Generated<number>;
  tries: Generated<number>;
  next_attempt_at: Date;
  /** While a server sends it, by the clock of the database. */
  leased_until: Optional<Date>;
  last_status: Optional<number>;
  last_error: Optional<string>;
  created_at: CreatedAt;
  ended_at: Optional<Date>;
}

export interface WebhookAttemptsTable {
  delivery_id: string;
  number: number;
  at: Date;
  status: Optional<number>;
  error: Optional<string>;
  /** Null while it is under way, or when its server died. */
  seconds: Optional<number>;
  response: Optional<string>;
}

/** Every table of the schema `easel`, as the migrations leave it. */
export interface Tables {
  accounts: AccountsTable;
  api_keys: ApiKeysTable;
  balances: BalancesTable;
  ledger_transactions: LedgerTransactionsTable;
  ledger_entries: LedgerEntriesTable;
  holds: HoldsTable;
  refunds: RefundsTable;
  refills: RefillsTable;
  refill_months: RefillMonthsTable;
  audit_log: AuditLogTable;
  key_months: KeyMonthsTable;
  jobs: JobsTable;
  job_images: JobImagesTable;
  idempotency: IdempotencyTable;
  job_events: JobEventsTable;
  rate_windows: RateWindowsTable;
  workers: WorkersTable;
  servers: ServersTable;
  settings: SettingsTable;
  device_speed: DeviceSpeedTable;
  styles: StylesTable;
  collections: CollectionsTable;
  collection_images: CollectionImagesTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_secrets: WebhookSecretsTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_attempts: WebhookAttemptsTable;
}
