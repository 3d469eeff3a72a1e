import { MAX_WEBHOOK_ENDPOINTS, type WebhookEvent } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';
import type { WebhookEndpointsTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import type { ServerSecret } from '../keys/server-secret.ts';
import {
  addDeliveries,
  type DeliveryDetail,
  type DeliveryFilter,
  type DeliveryRecord,
  endPendingOf,
  findDelivery,
  findDeliveryDetail,
  selectDeliveries,
  sendAgain,
} from './deliveries.ts';
import { oldSecretUntil, type SecretState, secretOf } from './signature.ts';
import type { WebhookTargets } from './targets.ts';

/** An address that events are sent to. */
export interface EndpointRecord {
  readonly id: string;
  readonly accountId: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly includePrompt: boolean;
  readonly createdAt: Date;
  readonly oldSecretUntil: Date | null;
}

type EndpointRow = Selectable<WebhookEndpointsTable>;

/** What its owner decides. */
export interface EndpointTerms {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly enabled: boolean;
  readonly includePrompt: boolean;
}

export interface SecretNow {
  readonly secret: string;
  readonly oldSecretUntil: Date | null;
}

export interface WebhookServiceParts {
  readonly database: Pick<Database, 'transaction'>;
  readonly clock: Clock;
  readonly secret: ServerSecret;
  readonly targets: WebhookTargets;
}

/** Endpoints, secrets and the log of deliveries. An account that is null means any: for administrators. */
export class WebhookService {
  readonly #database: Pick<Database, 'transaction'>;
  readonly #clock: Clock;
  readonly #secret: ServerSecret;
  readonly #targets: WebhookTargets;

  constructor({ database, clock, secret, targets }: WebhookServiceParts) {
    this.#database = database;
    this.#clock = clock;
    this.#secret = secret;
    this.#targets = targets;
  }

  /** @returns the address as it is stored @throws DomainError `invalid_request` */
  requireUrl(url: string, param: string): string {
    return this.#targets.requireUrl(url, param);
  }

  /** Oldest first. */
  list(accountId: string | null): Promise<EndpointRecord[]> {
    return this.#database.transaction(async (queries) => {
      let rows = queries.selectFrom('webhook_endpoints').selectAll().orderBy('id');
      if (accountId !== null) rows = rows.where('account_id', '=', accountId);
      return (await rows.execute()).map((row) => this.#record(row));
    });
  }

  /** @throws DomainError `not_found` */
  get(accountId: string | null, id: string): Promise<EndpointRecord> {
    return this.#database.transaction(async (queries) => this.#record(await requireEndpoint(queries, accountId, id)));
  }

  /**
   * @param baseUrl where the addresses of pictures begin, unless the server has one of its own
   * @throws DomainError `invalid_request`, or `not_found` for an account that is not there
   */
  async create(
    accountId: string,
    terms: EndpointTerms,
    baseUrl: string,
  ): Promise<{ readonly endpoint: EndpointRecord; readonly secret: string }> {
    const url = this.requireUrl(terms.url, 'url');
    const row = await this.#database.transaction(async (queries) => {
      // Locked, so that two requests at the same time do not exceed the limit.
      const account = await queries
        .selectFrom('accounts')
        .select('id')
        .where('id', '=', accountId)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (account === undefined) throw new DomainError('not_found', `there is no account ${accountId}`);
      const inserted = await queries
        .insertInto('webhook_endpoints')
        .values({
          id: newId(),
          account_id: accountId,
          url,
          events: [...terms.events],
          enabled: terms.enabled,
          include_prompt: terms.includePrompt,
          base_url: baseUrl,
          created_at: this.#clock.now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await requireRoom(queries, accountId);
      return inserted;
    });
    return { endpoint: this.#record(row), secret: secretOf(this.#secret, secretStateOf(row)) };
  }

  /** What is absent stays. Disabling it ends what is on its way. @throws DomainError `invalid_request` or `not_found` */
  change(accountId: string | null, id: string, changes: Partial<EndpointTerms>): Promise<EndpointRecord> {
    const url = changes.url === undefined ? undefined : this.requireUrl(changes.url, 'url');
    return this.#database.transaction(async (queries) => {
      const before = await requireEndpoint(queries, accountId, id);
      const { events, enabled, includePrompt } = changes;
      const row = await queries
        .updateTable('webhook_endpoints')
        .set({
          url: url ?? before.url,
          ...(events !== undefined && { events: [...events] }),
          ...(includePrompt !== undefined && { include_prompt: includePrompt }),
          ...(enabled !== undefined && { enabled, disabled_reason: null }),
        })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      // What waits for its next attempt goes to the new address.
      if (url !== undefined) {
        const waiting = queries.updateTable('webhook_deliveries').set({ url });
        await waiting.where('endpoint_id', '=', id).where('state', '=', 'pending').execute();
      }
      if (enabled === false) await endPendingOf(queries, id, 'the endpoint was disabled', this.#clock.now());
      return this.#record(row);
    });
  }

  /** Its deliveries stay in the log; those on their way end. @throws DomainError `not_found` */
  remove(accountId: string | null, id: string): Promise<void> {
    return this.#database.transaction(async (queries) => {
      await requireEndpoint(queries, accountId, id);
      await endPendingOf(queries, id, 'the endpoint was deleted', this.#clock.now());
      await queries.deleteFrom('webhook_endpoints').where('id', '=', id).execute();
    });
  }

  /** A new secret; the old one signs, too, for 24 hours. @throws DomainError `not_found` */
  rotate(
    accountId: string | null,
    id: string,
  ): Promise<{ readonly endpoint: EndpointRecord; readonly secret: string }> {
    return this.#database.transaction(async (queries) => {
      await requireEndpoint(queries, accountId, id);
      const row = await queries
        .updateTable('webhook_endpoints')
        .set(({ eb }) => ({ secret_version: eb('secret_version', '+', 1), rotated_at: this.#clock.now() }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return { endpoint: this.#record(row), secret: secretOf(this.#secret, secretStateOf(row)) };
    });
  }

  /** Sends a test event. @throws DomainError `not_found`, or `conflict` for an endpoint that is disabled */
  test(accountId: string | null, id: string): Promise<DeliveryRecord> {
    return this.#database.transaction(async (queries) => {
      const endpoint = await requireEndpoint(queries, accountId, id);
      requireEnabled(endpoint);
      const now = this.#clock.now();
      const body = JSON.stringify({ type: 'webhook.test', timestamp: now.toISOString(), data: {} });
      const about = { accountId: endpoint.account_id, event: 'webhook.test', jobId: null, now } as const;
      const [added = ''] = await addDeliveries(queries, about, [{ endpointId: id, url: endpoint.url, body }]);
      return requireDelivery(queries, accountId, added);
    });
  }

  /** What signs the events of jobs with an address of their own. */
  accountSecret(accountId: string): Promise<SecretNow> {
    return this.#database.transaction(async (queries) => this.#secretNow(await accountSecretState(queries, accountId)));
  }

  rotateAccountSecret(accountId: string): Promise<SecretNow> {
    return this.#database.transaction(async (queries) => {
      const now = this.#clock.now();
      await queries
        .insertInto('webhook_secrets')
        .values({ account_id: accountId, secret_version: 2, rotated_at: now })
        .onConflict((conflict) =>
          conflict.column('account_id').doUpdateSet(({ eb, ref }) => ({
            secret_version: eb(ref('webhook_secrets.secret_version'), '+', 1),
            rotated_at: now,
          })),
        )
        .execute();
      return this.#secretNow(await accountSecretState(queries, accountId));
    });
  }

  /** Newest first. */
  deliveries(filter: DeliveryFilter): Promise<DeliveryRecord[]> {
    return this.#database.transaction((queries) => selectDeliveries(queries, filter));
  }

  /** With its body and its attempts. @throws DomainError `not_found` */
  delivery(accountId: string | null, id: string): Promise<DeliveryDetail> {
    return this.#database.transaction(async (queries) => {
      await requireDelivery(queries, accountId, id);
      return findDeliveryDetail(queries, id);
    });
  }

  /**
   * Sends it once more, with the same id, and with all of the retries.
   *
   * @throws DomainError `not_found`, or `conflict` when its endpoint is deleted or disabled
   */
  resend(accountId: string | null, id: string): Promise<DeliveryRecord> {
    return this.#database.transaction(async (queries) => {
      const { endpointId } = await requireDelivery(queries, accountId, id);
      const endpoint = endpointId === null ? null : await lockEndpoint(queries, endpointId);
      if (endpoint === undefined) {
        throw new DomainError('conflict', 'the endpoint of this delivery was deleted', {
          remedy: 'create the endpoint again; it is told of what happens from then on',
        });
      }
      if (endpoint !== null) requireEnabled(endpoint);
      await sendAgain(queries, id, { url: endpoint?.url, now: this.#clock.now() });
      return requireDelivery(queries, accountId, id);
    });
  }

  #record(row: EndpointRow): EndpointRecord {
    const state = secretStateOf(row);
    return {
      id: row.id,
      accountId: row.account_id,
      url: row.url,
      events: row.events,
      enabled: row.enabled,
      disabledReason: row.disabled_reason,
      includePrompt: row.include_prompt,
      createdAt: row.created_at,
      oldSecretUntil: oldSecretUntil(state, this.#clock.now()),
    };
  }

  #secretNow(state: SecretState): SecretNow {
    return { secret: secretOf(this.#secret, state), oldSecretUntil: oldSecretUntil(state, this.#clock.now()) };
  }
}

function secretStateOf(row: Pick<EndpointRow, 'id' | 'secret_version' | 'rotated_at'>): SecretState {
  return { purpose: 'webhook endpoint', id: row.id, version: row.secret_version, rotatedAt: row.rotated_at };
}

async function accountSecretState(queries: Queries, accountId: string): Promise<SecretState> {
  const row = await queries
    .selectFrom('webhook_secrets')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  const { secret_version: version = 1, rotated_at: rotatedAt = null } = row ?? {};
  return { purpose: 'webhook account', id: accountId, version, rotatedAt };
}

/** What signs a delivery; null when its endpoint is not there any more. */
export async function secretStateOfDelivery(
  queries: Queries,
  { accountId, endpointId }: Pick<DeliveryRecord, 'accountId' | 'endpointId'>,
): Promise<SecretState | null> {
  if (endpointId === null) return accountSecretState(queries, accountId);
  const rows = queries.selectFrom('webhook_endpoints').selectAll().where('id', '=', endpointId);
  const row = await rows.executeTakeFirst();
  return row === undefined ? null : secretStateOf(row);
}

/** Locked until the transaction ends. */
async function lockEndpoint(queries: Queries, id: string): Promise<EndpointRow | undefined> {
  return queries.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

/** Another account's endpoint does not exist for it. @throws DomainError `not_found` */
async function requireEndpoint(queries: Queries, accountId: string | null, id: string): Promise<EndpointRow> {
  const row = await lockEndpoint(queries, id);
  if (row !== undefined && (accountId === null || row.account_id === accountId)) return row;
  throw new DomainError('not_found', `there is no webhook endpoint ${id}`);
}

function requireEnabled({ enabled }: EndpointRow): void {
  if (!enabled) throw new DomainError('conflict', 'this webhook endpoint is disabled', { remedy: 'enable it first' });
}

async function requireDelivery(queries: Queries, accountId: string | null, id: string): Promise<DeliveryRecord> {
  const delivery = await findDelivery(queries, id);
  if (delivery !== null && (accountId === null || delivery.accountId === accountId)) return delivery;
  throw new DomainError('not_found', `there is no webhook delivery ${id}, or it is no longer kept`);
}

async function requireRoom(queries: Queries, accountId: string): Promise<void> {
  const { count } = await queries
    .selectFrom('webhook_endpoints')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  if (Number(count) <= MAX_WEBHOOK_ENDPOINTS) return;
  const message = `an account can have ${MAX_WEBHOOK_ENDPOINTS} webhook endpoints`;
  throw new DomainError('conflict', message, { remedy: 'delete one first' });
}

/** Disables an endpoint that does not want to be told any more; what is on its way to it ends. */
export async function disableEndpoint(queries: Queries, id: string, reason: string, now: Date): Promise<void> {
  await queries
    .updateTable('webhook_endpoints')
    .set({ enabled: false, disabled_reason: reason })
    .where('id', '=', id)
    .execute();
  await endPendingOf(queries, id, 'the endpoint was disabled', now);
}

/** A place that an event goes to. */
export interface WebhookTarget {
  /** null: the address of the job. */
  readonly endpointId: string | null;
  readonly url: string;
  readonly includePrompt: boolean;
  /** Where the addresses of pictures begin. */
  readonly baseUrl: string;
}

/** The endpoints of the account that are told of such an event; locked against being disabled before the transaction ends. */
export async function endpointsFor(queries: Queries, accountId: string, event: WebhookEvent): Promise<WebhookTarget[]> {
  const rows = await queries
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('enabled', '=', true)
    .forShare()
    .execute();
  return rows
    .filter(({ events }) => events.includes(event))
    .map(({ id, url, include_prompt, base_url }) => ({
      endpointId: id,
      url,
      includePrompt: include_prompt,
      baseUrl: base_url,
    }));
}
