import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';

/** What an administrator is about to do. */
export interface AuditedAction {
  readonly requestId: string;
  readonly keyId: string;
  /** The address that the request came from. */
  readonly client: string;
  /** The `operationId` of the route. */
  readonly action: string;
  /** The account that it is about; null: not known yet, or none. */
  readonly accountId: string | null;
  /** The id of what it is about. */
  readonly subject: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What came of it. */
export interface AuditedEnd extends Pick<AuditedAction, 'requestId' | 'accountId' | 'subject'> {
  /** The HTTP status of the reply. */
  readonly status: number;
}

export interface AuditRecord extends AuditedAction {
  readonly id: bigint;
  readonly keyName: string;
  /** null: not answered yet, or the server ended in between. */
  readonly status: number | null;
  readonly createdAt: Date;
}

export interface AuditSlice {
  /** null: about all. */
  readonly accountId: string | null;
  /** Only entries older than this one; null: from the newest on. */
  readonly before: bigint | null;
  readonly limit: number;
}

/**
 * What administrators did. The line is written before the action and completed after it, so whatever was done has a line, also when the
 * server ends in between. The database refuses to change or remove one.
 */
export class AuditLog {
  readonly #database: Pick<Database, 'transaction'>;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Pick<Database, 'transaction'>; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  begin({ requestId, keyId, client, action, accountId, subject, details }: AuditedAction): Promise<void> {
    const entry = { request_id: requestId, key_id: keyId, client, action, account_id: accountId, subject };
    const values = { ...entry, details: JSON.stringify(details), created_at: this.#clock.now() };
    return this.#database.transaction(async (queries) => {
      const once = queries.insertInto('audit_log').values(values);
      await once.onConflict((conflict) => conflict.column('request_id').doNothing()).execute();
    });
  }

  /** What is null stays as it was. */
  end({ requestId, status, accountId, subject }: AuditedEnd): Promise<void> {
    const values = {
      status,
      ...(accountId !== null && { account_id: accountId }),
      ...(subject !== null && { subject }),
    };
    return this.#database.transaction(async (queries) => {
      await queries.updateTable('audit_log').set(values).where('request_id', '=', requestId).execute();
    });
  }

  /** Newest first. */
  list(slice: AuditSlice): Promise<AuditRecord[]> {
    return this.#database.transaction((queries) => listEntries(queries, slice));
  }
}

async function listEntries(queries: Queries, { accountId, before, limit }: AuditSlice): Promise<AuditRecord[]> {
  let rows = queries
    .selectFrom('audit_log')
    .innerJoin('api_keys', 'api_keys.id', 'audit_log.key_id')
    .selectAll('audit_log')
    .select('api_keys.name as key_name')
    .orderBy('audit_log.id', 'desc')
    .limit(limit);
  if (accountId !== null) rows = rows.where('audit_log.account_id', '=', accountId);
  if (before !== null) rows = rows.where('audit_log.id', '<', before);
  return (await rows.execute()).map((row) => ({
    id: row.id,
    requestId: row.request_id,
    keyId: row.key_id,
    keyName: row.key_name,
    client: row.client,
    action: row.action,
    accountId: row.account_id,
    subject: row.subject,
    details: typeof row.details === 'object' && row.details !== null ? { ...row.details } : {},
    status: row.status,
    createdAt: row.created_at,
  }));
}
