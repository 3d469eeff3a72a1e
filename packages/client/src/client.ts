import type { Health, ModelList, Ready, TokenizeReply, TokenizeRequest } from '@easel/contract';
import { AccountOfKey } from './account.ts';
import { paths } from './address.ts';
import { Admin } from './admin.ts';
import type { CallOptions, ClientOptions } from './call.ts';
import { Collections } from './collections.ts';
import { type EventsOptions, followJobs, type JobsEvent } from './follow-job.ts';
import { Images } from './images.ts';
import { Jobs } from './jobs.ts';
import { Styles } from './styles.ts';
import { Transport } from './transport.ts';
import { Webhooks } from './webhooks.ts';

/**
 * A client for an Easel server, for Node.js and browsers. Bodies and replies are those of its API, with types from its schemas.
 *
 * Calls throw `EaselError` when the server refuses them, `EaselConnectionError` when it cannot be reached, and the reason of their
 * signal when it is aborted. Requests that are safe to repeat are retried a few times.
 *
 * @example
 * const easel = new EaselClient({ baseUrl: 'http://127.0.0.1:8400', apiKey: process.env.EASEL_API_KEY });
 * const job = await easel.jobs.run({ prompt: 'a red apple on a blue background' });
 * const { bytes } = await easel.images.get(job.images[0].id);
 */
export class EaselClient {
  readonly #transport: Transport;
  readonly jobs: Jobs;
  readonly images: Images;
  readonly collections: Collections;
  readonly account: AccountOfKey;
  readonly styles: Styles;
  readonly webhooks: Webhooks;
  readonly admin: Admin;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.jobs = new Jobs(this.#transport);
    this.images = new Images(this.#transport);
    this.collections = new Collections(this.#transport);
    this.account = new AccountOfKey(this.#transport);
    this.styles = new Styles(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
    this.admin = new Admin(this.#transport);
  }

  /** The balance of the account, as of the last reply; undefined before the first. */
  get remainingCredits(): number | undefined {
    return this.#transport.remainingCredits;
  }

  /**
   * Sends any request, with the key and a JSON body. The reply is returned as it is, error statuses included.
   *
   * @example
   * const reply = await easel.request('POST', '/v1/playground-v2.5', { prompt: 'a red apple' });
   */
  request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    { signal }: CallOptions = {},
  ): Promise<Response> {
    return this.#transport.raw(path, { method, body, signal });
  }

  models({ signal }: CallOptions = {}): Promise<ModelList> {
    return this.#transport.json(paths.models, { signal });
  }

  /**
   * The events of all jobs of the account, whoever created them, without end; starts with the current state of each unfinished job.
   * Reconnects when the connection is lost; the end of each job is reported exactly once.
   *
   * @example
   * for await (const { event, data } of easel.events({ signal })) console.log(data.job.id, event);
   */
  events(options: EventsOptions = {}): AsyncGenerator<JobsEvent, void, undefined> {
    return followJobs(this.#transport, options);
  }

  /** How the text encoders of a model tokenize a text, and what they truncate. */
  tokenize(body: TokenizeRequest, { signal }: CallOptions = {}): Promise<TokenizeReply> {
    return this.#transport.json(paths.tokenize, { method: 'POST', body, signal });
  }

  /** Whether the server is alive; needs no key. */
  health({ signal }: CallOptions = {}): Promise<Health> {
    return this.#transport.json(paths.health, { signal });
  }

  /** Whether the server is ready for requests; "not_ready" is a regular reply. Needs no key. */
  ready({ signal }: CallOptions = {}): Promise<Ready> {
    return this.#transport.json(paths.ready, { signal, accepts: 503 });
  }
}
