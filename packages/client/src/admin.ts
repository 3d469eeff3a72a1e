import type {
  Account,
  AccountClosed,
  AccountCreate,
  AccountListQuery,
  AccountPage,
  AccountPatch,
  AdminJob,
  AdminJobListQuery,
  AdminJobPage,
  AuditEntry,
  AuditPage,
  AuditQuery,
  Grant,
  GrantCreate,
  InstalledModels,
  Key,
  KeyCreate,
  KeyCreated,
  KeyList,
  KeyListQuery,
  KeyPatch,
  LedgerPage,
  LedgerQuery,
  ModelPull,
  ModelPullCreate,
  ModelPullList,
  ModelRemoved,
  Queue,
  Refund,
  RefundCreate,
  UsageQuery,
  UsageReply,
  UsageReport,
  UsageReportQuery,
  WorkerList,
} from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions, WorkOptions } from './call.ts';
import { entriesOf } from './pages.ts';
import type { Transport } from './transport.ts';
import { AdminWebhooks } from './webhooks.ts';

/** Administration; requires an admin key. */
export class Admin {
  readonly #transport: Transport;
  readonly webhooks: AdminWebhooks;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.webhooks = new AdminWebhooks(transport);
  }

  createAccount(body: AccountCreate, { signal }: CallOptions = {}): Promise<Account> {
    return this.#transport.json(paths.accounts, { method: 'POST', body, signal });
  }

  getAccount(id: string, { signal }: CallOptions = {}): Promise<Account> {
    return this.#transport.json(paths.account, { parts: { id }, signal });
  }

  changeAccount(id: string, body: AccountPatch, { signal }: CallOptions = {}): Promise<Account> {
    return this.#transport.json(paths.account, { method: 'PATCH', parts: { id }, body, signal });
  }

  /** One page, newest first. */
  listAccounts(query: AccountListQuery = {}, { signal }: CallOptions = {}): Promise<AccountPage> {
    return this.#transport.json(paths.accounts, { query, signal });
  }

  /** All of them, page by page. */
  allAccounts(query: AccountListQuery = {}, options: CallOptions = {}): AsyncGenerator<Account, void, undefined> {
    return entriesOf(
      query,
      (page) => this.listAccounts(page, options),
      ({ accounts }) => accounts,
    );
  }

  /** Revokes its keys, and cancels and refunds its queued jobs. */
  closeAccount(id: string, { signal }: CallOptions = {}): Promise<AccountClosed> {
    return this.#transport.json(paths.closeAccount, { method: 'POST', parts: { id }, signal });
  }

  reopenAccount(id: string, { signal }: CallOptions = {}): Promise<Account> {
    return this.#transport.json(paths.reopenAccount, { method: 'POST', parts: { id }, signal });
  }

  /** The only reply that contains the key itself. */
  createKey(body: KeyCreate, { signal }: CallOptions = {}): Promise<KeyCreated> {
    return this.#transport.json(paths.keys, { method: 'POST', body, signal });
  }

  /** Newest first, including revoked ones. */
  listKeys(query: KeyListQuery = {}, { signal }: CallOptions = {}): Promise<KeyList> {
    return this.#transport.json(paths.keys, { query, signal });
  }

  changeKey(id: string, body: KeyPatch, { signal }: CallOptions = {}): Promise<Key> {
    return this.#transport.json(paths.key, { method: 'PATCH', parts: { id }, body, signal });
  }

  /** Permanent. */
  revokeKey(id: string, { signal }: CallOptions = {}): Promise<Key> {
    return this.#transport.json(paths.key, { method: 'DELETE', parts: { id }, signal });
  }

  grant(body: GrantCreate, { signal, idempotencyKey }: WorkOptions = {}): Promise<Grant> {
    return this.#transport.json(paths.grants, { method: 'POST', body, signal, idempotencyKey });
  }

  /** Gives back what a job was charged, or a part of it; once. */
  refund(jobId: string, body: RefundCreate, { signal, idempotencyKey }: WorkOptions = {}): Promise<Refund> {
    return this.#transport.json(paths.refund, { method: 'POST', parts: { id: jobId }, body, signal, idempotencyKey });
  }

  /** One page of the jobs of all accounts, newest first. */
  listJobs(query: AdminJobListQuery = {}, { signal }: CallOptions = {}): Promise<AdminJobPage> {
    return this.#transport.json(paths.allJobs, { query, signal });
  }

  /** All of them, page by page. */
  allJobs(query: AdminJobListQuery = {}, options: CallOptions = {}): AsyncGenerator<AdminJob, void, undefined> {
    return entriesOf(
      query,
      (page) => this.listJobs(page, options),
      ({ jobs }) => jobs,
    );
  }

  /** Cancels a job of any account and refunds it. */
  cancelJob(id: string, { signal }: CallOptions = {}): Promise<AdminJob> {
    return this.#transport.json(paths.anyJob, { method: 'DELETE', parts: { id }, signal });
  }

  /** One page of an account's ledger, newest first. */
  ledger(id: string, query: LedgerQuery = {}, { signal }: CallOptions = {}): Promise<LedgerPage> {
    return this.#transport.json(paths.accountLedger, { parts: { id }, query, signal });
  }

  usage(id: string, query: UsageQuery = {}, { signal }: CallOptions = {}): Promise<UsageReply> {
    return this.#transport.json(paths.accountUsage, { parts: { id }, query, signal });
  }

  /** The usage of all accounts, by account, key, day and model. */
  usageReport(query: Omit<UsageReportQuery, 'format'> = {}, { signal }: CallOptions = {}): Promise<UsageReport> {
    return this.#transport.json(paths.usageReport, { query, signal });
  }

  /** The same as CSV (RFC 4180). */
  usageCsv(query: Omit<UsageReportQuery, 'format'> = {}, { signal }: CallOptions = {}): Promise<string> {
    const call = { query: { ...query, format: 'csv' }, signal };
    return this.#transport.receive(paths.usageReport, call, (reply) => reply.text());
  }

  /** One page of what administrators did, newest first. */
  audit(query: AuditQuery = {}, { signal }: CallOptions = {}): Promise<AuditPage> {
    return this.#transport.json(paths.audit, { query, signal });
  }

  /** All of it, page by page. */
  wholeAudit(query: AuditQuery = {}, options: CallOptions = {}): AsyncGenerator<AuditEntry, void, undefined> {
    return entriesOf(
      query,
      (page) => this.audit(page, options),
      ({ entries }) => entries,
    );
  }

  queue({ signal }: CallOptions = {}): Promise<Queue> {
    return this.#transport.json(paths.queue, { signal });
  }

  /** Running jobs continue; queued ones stay queued. */
  pauseQueue({ signal }: CallOptions = {}): Promise<Queue> {
    return this.#transport.json(paths.pauseQueue, { method: 'POST', signal });
  }

  resumeQueue({ signal }: CallOptions = {}): Promise<Queue> {
    return this.#transport.json(paths.resumeQueue, { method: 'POST', signal });
  }

  workers({ signal }: CallOptions = {}): Promise<WorkerList> {
    return this.#transport.json(paths.workers, { signal });
  }

  /** The models in the server's cache, and the names that can be pulled. */
  models({ signal }: CallOptions = {}): Promise<InstalledModels> {
    return this.#transport.json(paths.installedModels, { signal });
  }

  /** Deletes a model from the server's cache. */
  removeModel(name: string, { signal }: CallOptions = {}): Promise<ModelRemoved> {
    return this.#transport.json(paths.installedModels, { method: 'DELETE', query: { name }, signal });
  }

  /** Downloads of models, newest first. */
  modelPulls({ signal }: CallOptions = {}): Promise<ModelPullList> {
    return this.#transport.json(paths.modelPulls, { signal });
  }

  /** Starts to download a model; `modelPulls` tells how far it is. */
  pullModel(body: ModelPullCreate, { signal }: CallOptions = {}): Promise<ModelPull> {
    return this.#transport.json(paths.modelPulls, { method: 'POST', body, signal });
  }

  /** What has arrived is kept. */
  cancelModelPull(id: string, { signal }: CallOptions = {}): Promise<ModelPull> {
    return this.#transport.json(paths.modelPull, { method: 'DELETE', parts: { id }, signal });
  }
}
