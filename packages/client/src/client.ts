import type { Health, ModelList, Ready, TokenizeReply, TokenizeRequest } from '@easel/contract';
import { AccountOfKey } from './account.ts';
import { paths } from './address.ts';
import { Admin } from './admin.ts';
import type { CallOptions, ClientOptions } from './call.ts';
import { type EventsOptions, followJobs, type JobsEvent } from './follow-job.ts';
import { Images } from './images.ts';
import { Jobs } from './jobs.ts';
import { Transport } from './transport.ts';

/**
 * An Easel server, from Node.js or a browser. Bodies and replies are those of its API, typed by its own schemas.
 *
 * Calls throw `EaselError` when the server refuses them, `EaselConnectionError` when nobody answers, and the reason of their
 * signal when it is aborted. What can do no harm is sent again a few times.
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
  readonly account: AccountOfKey;
  readonly admin: Admin;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.jobs = new Jobs(this.#transport);
    this.images = new Images(this.#transport);
    this.account = new AccountOfKey(this.#transport);
    this.admin = new Admin(this.#transport);
  }

  /** What the account can still spend, as the last reply told; undefined before the first. */
  get remainingCredits(): number | undefined {
    return this.#transport.remainingCredits;
  }

  /**
   * Any address of the server, with the key and a body of JSON; the reply as it is, refusals too.
   *
   * @example
   * const reply = await easel.request('POST', '/v1/playground-v2.5', { prompt: 'a red apple' });
   */
  request(method: 'GET' | 'POST', path: string, body?: unknown, { signal }: CallOptions = {}): Promise<Response> {
    return this.#transport.raw(path, { method, body, signal });
  }

  models({ signal }: CallOptions = {}): Promise<ModelList> {
    return this.#transport.json(paths.models, { signal });
  }

  /**
   * What happens to all jobs of the account, whoever created them, without end: first how far each is that has not ended. A lost
   * connection is made again, and no end of a job is lost or told twice.
   *
   * @example
   * for await (const { event, data } of easel.events({ signal })) console.log(data.job.id, event);
   */
  events(options: EventsOptions = {}): AsyncGenerator<JobsEvent, void, undefined> {
    return followJobs(this.#transport, options);
  }

  /** How the text encoders of a model see a text, and what of it they do not see. */
  tokenize(body: TokenizeRequest, { signal }: CallOptions = {}): Promise<TokenizeReply> {
    return this.#transport.json(paths.tokenize, { method: 'POST', body, signal });
  }

  /** Whether the server's process answers; needs no key. */
  health({ signal }: CallOptions = {}): Promise<Health> {
    return this.#transport.json(paths.health, { signal });
  }

  /** Whether everything that the server needs works; "not_ready" is an answer like any other. Needs no key. */
  ready({ signal }: CallOptions = {}): Promise<Ready> {
    return this.#transport.json(paths.ready, { signal, accepts: 503 });
  }
}
