import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type CodedErrorOptions, messageOf, systemCode } from '@easel/errors';
import { AwsV4Signer } from 'aws4fetch';
import type { ByteRange } from './image-store.ts';

/** Where a bucket is, and what its requests are signed with. */
export interface BucketSettings {
  readonly bucket: string;
  /** Of the store's API, `https://s3.eu-central-1.amazonaws.com`, without the bucket's name. */
  readonly endpoint: string;
  readonly region: string;
  /** The bucket is the first part of the path, as most stores but Amazon's want it; otherwise of the host's name. */
  readonly pathStyle: boolean;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** An object of the bucket, without its bytes. */
export interface BucketObject {
  readonly size: number;
  /** Changes whenever the object is written. */
  readonly etag: string;
}

/** A page of a list. */
export interface BucketPage {
  readonly objects: readonly { readonly key: string; readonly modified: Date }[];
  readonly isLast: boolean;
}

/** What keeps a bucket from being used, and what to do about it. */
export class BucketError extends CodedError<'storage_unavailable'> {
  /** Whether the same request may succeed by itself. */
  readonly mayPass: boolean;

  constructor(message: string, options: CodedErrorOptions & { readonly mayPass: boolean }) {
    super('storage_unavailable', message, options);
    this.name = 'BucketError';
    this.mayPass = options.mayPass;
  }
}

/** How often and for how long a request is tried. */
interface Patience {
  readonly attempts: number;
  /** For one attempt, to the end of its reply unless that is streamed. */
  readonly timeoutMs: number;
}

const usual: Patience = { attempts: 4, timeoutMs: 20_000 };
/** For the question whether the store can be used, which is asked again anyway. */
export const brief: Patience = { attempts: 2, timeoutMs: 4000 };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export interface BucketRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/**
 * The few requests that pictures need of a bucket with the API of Amazon S3, signed with Signature Version 4. What passes (no answer, 429, 5xx) is
 * tried again after growing random pauses; every request can be repeated without harm.
 *
 * Every method throws BucketError.
 */
export class S3Bucket {
  readonly #settings: BucketSettings;
  readonly #patience: Patience;
  readonly #closing = new AbortController();

  constructor(settings: BucketSettings, patience: Patience = usual) {
    this.#settings = settings;
    this.#patience = patience;
  }

  /** Stops what is under way. */
  close(): void {
    this.#closing.abort();
  }

  /** The object is there, whole and as it was sent (its SHA-256 is signed and compared by the store), or not at all. */
  async put(key: string, body: Uint8Array, contentType: string, patience?: Patience): Promise<void> {
    const request = {
      method: 'PUT',
      key,
      body: new Uint8Array(body),
      headers: { 'content-type': contentType },
    } as const;
    await this.#request(request, [200], async (reply) => void (await reply.arrayBuffer()), patience);
  }

  /** @returns null when there is none */
  head(key: string): Promise<BucketObject | null> {
    return this.#request({ method: 'HEAD', key }, [200, 404], async ({ status, headers }) => {
      if (status === 404) return null;
      return { size: Number(headers.get('content-length')), etag: headers.get('etag') ?? '' };
    });
  }

  /** @returns null when there is none */
  get(key: string): Promise<Uint8Array | null> {
    return this.#request({ method: 'GET', key }, [200, 404], async (reply) => {
      if (reply.status === 404) return await noSuchKey(reply);
      const bytes = new Uint8Array(await reply.arrayBuffer());
      const size = reply.headers.get('content-length');
      if (size !== null && Number(size) !== bytes.length) throw new TypeError('the reply was cut');
      return bytes;
    });
  }

  /**
   * The bytes of an object as they arrive; a connection that breaks on the way is replaced by one for the rest.
   *
   * @throws also when the object is not the one with this ETag any more
   */
  async *stream(key: string, { etag }: BucketObject, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    let at = start;
    for (let failures = 0; at <= end; ) {
      try {
        for await (const chunk of await this.#bodyFrom(key, etag, { start: at, end })) {
          at += chunk.length;
          failures = 0;
          yield chunk;
        }
        if (at <= end) throw new TypeError('the reply was cut');
      } catch (error) {
        failures += 1;
        if (error instanceof BucketError || failures === this.#patience.attempts) throw this.#unanswered(error);
        await sleep(pauseMs(failures), undefined, { signal: this.#closing.signal });
      }
    }
  }

  async delete(key: string): Promise<void> {
    await this.#request({ method: 'DELETE', key }, [200, 204, 404], async (reply) => void (await reply.arrayBuffer()));
  }

  /** At most 1000 objects in the order of their keys (ListObjectsV2). @param after the key before the first one */
  list(prefix: string, after: string): Promise<BucketPage> {
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix, ...(after !== '' && { 'start-after': after }) };
    return this.#request({ method: 'GET', key: '', query }, [200], async (reply) => pageOf(await reply.text()));
  }

  /** Asks again for a stream, whose reply has no time limit as a whole: its reader may be slow. */
  #bodyFrom(key: string, etag: string, { start, end }: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const headers = { range: `bytes=${start}-${end}`, 'if-match': etag };
    return this.#request({ method: 'GET', key, headers }, [206], async (reply) => {
      // Not every store knows If-Match.
      if (reply.headers.get('etag') !== etag) throw this.#refusal(new Response(null, { status: 412 }), '');
      if (reply.body === null) throw new TypeError('the reply was cut');
      return reply.body;
    });
  }

  /** @param read what is wanted of the reply; a reply that breaks off is asked for again */
  async #request<Result>(
    request: BucketRequest,
    expected: readonly number[],
    read: (reply: Response) => Promise<Result>,
    { attempts, timeoutMs }: Patience = this.#patience,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request, expected, read, timeoutMs);
      } catch (thrown) {
        const error = this.#unanswered(thrown);
        if (!error.mayPass || attempt >= attempts || this.#closing.signal.aborted) throw error;
      }
      await sleep(pauseMs(attempt), undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  async #attempt<Result>(
    request: BucketRequest,
    expected: readonly number[],
    read: (reply: Response) => Promise<Result>,
    timeoutMs: number,
  ): Promise<Result> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('no answer in time', 'TimeoutError')), timeoutMs);
    try {
      const { url, ...init } = await signRequest(this.#settings, request);
      const signal = AbortSignal.any([late.signal, this.#closing.signal]);
      const reply = await fetch(url, { ...init, signal, redirect: 'manual' });
      if (expected.includes(reply.status)) return await read(reply);
      throw this.#refusal(reply, request.method === 'HEAD' ? '' : await reply.text());
    } finally {
      clearTimeout(timer);
    }
  }

  #refusal({ status, headers }: Response, body: string): BucketError {
    const code = textIn(body, 'Code') ?? '';
    const mayPass = passing.has(status);
    const region = headers.get('x-amz-bucket-region');
    if (status >= 300 && status < 400 && region !== null) {
      return this.#fault(`is in the region ${region}`, { remedy: `set s3.region to ${region}`, mayPass });
    }
    const [problem, remedy = ''] = refusals[code] ?? refusals[status] ?? [];
    if (problem !== undefined) return this.#fault(`${problem} (${code || status})`, { remedy, mayPass });
    const answer = [status, code].join(' ').trim();
    return this.#fault(`answers with ${answer}`, { remedy: "look at the store's log", mayPass });
  }

  #unanswered(cause: unknown): BucketError {
    if (cause instanceof BucketError) return cause;
    const reason = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
    const why = systemCode(reason) ?? messageOf(reason);
    const remedy = 'start the store, or correct s3.endpoint';
    return this.#fault(`does not answer (${why})`, { remedy, mayPass: true, cause });
  }

  #fault(problem: string, options: CodedErrorOptions & { readonly mayPass: boolean }): BucketError {
    const { bucket, endpoint } = this.#settings;
    return new BucketError(`the bucket ${bucket} at ${endpoint} ${problem}`, options);
  }
}

/**
 * Signature Version 4 in the header `Authorization`, over the body's SHA-256 and every header.
 *
 * @param time as `20130524T000000Z`; default: now
 */
export async function signRequest(settings: BucketSettings, request: BucketRequest, time?: string) {
  const { region, credentials } = settings;
  const { method, key, query = {}, headers = {}, body } = request;
  const url = addressOf(settings);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${key}`;
  url.search = new URLSearchParams(query).toString();
  const hash = createHash('sha256')
    .update(body ?? '')
    .digest('hex');
  const signer = new AwsV4Signer({
    ...{ method, url: url.href, region, service: 's3', allHeaders: true, ...credentials },
    headers: { ...headers, 'x-amz-content-sha256': hash },
    ...(body !== undefined && { body }),
    ...(time !== undefined && { datetime: time }),
  });
  const signed = await signer.sign();
  signed.headers.set('accept-encoding', 'identity'); // not signed: machines in between may change it
  return { method, url: signed.url, headers: signed.headers, ...(body !== undefined && { body }) };
}

function addressOf({ endpoint, bucket, pathStyle }: BucketSettings): URL {
  const url = new URL(endpoint);
  if (pathStyle) url.pathname = `${url.pathname.replace(/\/$/, '')}/${bucket}`;
  else url.hostname = `${bucket}.${url.hostname}`;
  return url;
}

/** Answers after which the same request may succeed (Amazon S3, "Error responses": InternalError, SlowDown, RequestTimeout …). */
const passing: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504]);

const rights = 'give the key the permissions s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket for it';

/** What is wrong and how to fix it, by the code in the reply, or else by its status. */
const refusals: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  NoSuchBucket: ['does not exist', 'create it, or correct s3.bucket'],
  InvalidBucketName: ['has a name that is not allowed', 'correct s3.bucket'],
  InvalidAccessKeyId: ['does not know the access key', 'correct s3.accessKeyId or AWS_ACCESS_KEY_ID'],
  SignatureDoesNotMatch: [
    'rejects the signature',
    'correct s3.secretAccessKey or AWS_SECRET_ACCESS_KEY, and s3.region',
  ],
  AuthorizationHeaderMalformed: ['rejects the signature', 'correct s3.region'],
  ExpiredToken: ['says that the session token has expired', 'use an access key that does not expire'],
  RequestTimeTooSkewed: ['says that the clock of this machine is wrong', 'set the clock, for example with NTP'],
  AccessDenied: ['may not be used with this access key', rights],
  403: ['may not be used with this access key', rights],
  404: ['does not exist', 'create it, or correct s3.bucket and s3.endpoint'],
  412: ['has another picture in the place of this one', 'nothing but Easel should write below s3.prefix'],
  507: ['is full', 'free some space, or shorten retention.imagesSeconds'],
  XMinioStorageFull: ['is full', 'free some space, or shorten retention.imagesSeconds'],
  QuotaExceeded: ['has used up its quota', 'free some space, or raise the quota'],
};

/** With full jitter, so that many processes do not come back at once. */
function pauseMs(attempt: number): number {
  return Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
}

/** A missing object; a missing bucket is another matter. */
async function noSuchKey(reply: Response): Promise<null> {
  if (textIn(await reply.text(), 'Code') !== 'NoSuchBucket') return null;
  const remedy = 'create it, or correct s3.bucket';
  throw new BucketError('the bucket of the pictures does not exist', { remedy, mayPass: false });
}

/** Of an element without attributes, which is all that the store's replies have where this looks. */
function textIn(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}

/** Keys arrive percent-encoded (`encoding-type=url`), so they contain no markup. */
function pageOf(xml: string): BucketPage {
  if (!xml.includes('ListBucketResult')) throw new TypeError('the list of the bucket cannot be read');
  const entries = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => entry);
  const objects = entries.map((entry) => ({
    key: decodeURIComponent((textIn(entry, 'Key') ?? '').replaceAll('+', ' ')),
    modified: new Date(textIn(entry, 'LastModified') ?? Number.NaN),
  }));
  return { objects, isLast: textIn(xml, 'IsTruncated') !== 'true' };
}
