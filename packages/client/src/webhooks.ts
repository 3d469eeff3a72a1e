import type {
  AdminWebhookDeliveryQuery,
  AdminWebhookEndpointCreate,
  AdminWebhookEndpointQuery,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookDeliveryPage,
  WebhookDeliveryQuery,
  WebhookEndpoint,
  WebhookEndpointCreate,
  WebhookEndpointList,
  WebhookEndpointPatch,
  WebhookEndpointWithSecret,
  WebhookSecret,
} from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions } from './call.ts';
import { entriesOf } from './pages.ts';
import type { Transport } from './transport.ts';

type Places = Readonly<Record<'endpoint' | 'rotate' | 'test' | 'delivery' | 'resend', string>>;

/** What can be done with endpoints and deliveries, whosever they are. */
class EndpointsAndDeliveries {
  protected readonly transport: Transport;
  readonly #places: Places;

  constructor(transport: Transport, places: Places) {
    this.transport = transport;
    this.#places = places;
  }

  get(id: string, { signal }: CallOptions = {}): Promise<WebhookEndpoint> {
    return this.transport.json(this.#places.endpoint, { parts: { id }, signal });
  }

  /** What is absent stays. Disabling an endpoint ends what is on its way to it. */
  change(id: string, body: WebhookEndpointPatch, { signal }: CallOptions = {}): Promise<WebhookEndpoint> {
    return this.transport.json(this.#places.endpoint, { method: 'PATCH', parts: { id }, body, signal });
  }

  async remove(id: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.transport.send(this.#places.endpoint, { method: 'DELETE', parts: { id }, signal });
    await reply.body?.cancel();
  }

  /** Replaces the secret of an endpoint. For 24 hours the old one signs too. */
  rotateSecret(id: string, { signal }: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    return this.transport.json(this.#places.rotate, { method: 'POST', parts: { id }, signal });
  }

  /** Sends a test event. */
  test(id: string, { signal }: CallOptions = {}): Promise<WebhookDelivery> {
    return this.transport.json(this.#places.test, { method: 'POST', parts: { id }, signal });
  }

  /** A delivery with its body and its attempts. */
  delivery(id: string, { signal }: CallOptions = {}): Promise<WebhookDeliveryDetail> {
    return this.transport.json(this.#places.delivery, { parts: { id }, signal });
  }

  /** Sends it again, with the same id and all of the retries. */
  resend(id: string, { signal }: CallOptions = {}): Promise<WebhookDelivery> {
    return this.transport.json(this.#places.resend, { method: 'POST', parts: { id }, signal });
  }
}

/** Webhooks of the key's account. */
export class Webhooks extends EndpointsAndDeliveries {
  constructor(transport: Transport) {
    super(transport, paths.webhooks);
  }

  /** The only reply that contains the secret, besides that of `rotateSecret`. */
  create(body: WebhookEndpointCreate, { signal }: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    return this.transport.json(paths.webhooks.endpoints, { method: 'POST', body, signal });
  }

  list({ signal }: CallOptions = {}): Promise<WebhookEndpointList> {
    return this.transport.json(paths.webhooks.endpoints, { signal });
  }

  /** What signs the events of jobs that have a `webhook_url`. */
  secret({ signal }: CallOptions = {}): Promise<WebhookSecret> {
    return this.transport.json(paths.webhooks.secret, { signal });
  }

  rotateAccountSecret({ signal }: CallOptions = {}): Promise<WebhookSecret> {
    return this.transport.json(paths.webhooks.secret, { method: 'POST', signal });
  }

  /** One page, newest first. */
  deliveries(query: WebhookDeliveryQuery = {}, { signal }: CallOptions = {}): Promise<WebhookDeliveryPage> {
    return this.transport.json(paths.webhooks.deliveries, { query, signal });
  }

  /** All of them, page by page. */
  allDeliveries(
    query: WebhookDeliveryQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<WebhookDelivery, void, undefined> {
    return entriesOf(
      query,
      (page) => this.deliveries(page, options),
      ({ deliveries }) => deliveries,
    );
  }
}

/** Webhooks of all accounts; requires an admin key. */
export class AdminWebhooks extends EndpointsAndDeliveries {
  constructor(transport: Transport) {
    super(transport, paths.adminWebhooks);
  }

  create(body: AdminWebhookEndpointCreate, { signal }: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    return this.transport.json(paths.adminWebhooks.endpoints, { method: 'POST', body, signal });
  }

  list(query: AdminWebhookEndpointQuery = {}, { signal }: CallOptions = {}): Promise<WebhookEndpointList> {
    return this.transport.json(paths.adminWebhooks.endpoints, { query, signal });
  }

  /** One page, newest first. */
  deliveries(query: AdminWebhookDeliveryQuery = {}, { signal }: CallOptions = {}): Promise<WebhookDeliveryPage> {
    return this.transport.json(paths.adminWebhooks.deliveries, { query, signal });
  }
}
