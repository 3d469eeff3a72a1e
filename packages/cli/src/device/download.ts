import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodedError } from '@easel/errors';
import { CONNECTION, installFailure, networkReason } from './package-index.ts';

/** What a file must be. */
export interface ExpectedFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface DownloadOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with the bytes that are there. */
  readonly onProgress: (bytes: number) => void;
}

/** How often in a row a request may fail without bringing a single byte. */
const ATTEMPTS = 6;
/** A connection that brings nothing for so long is taken for dead. */
const SILENCE_MS = 60_000;

/**
 * Downloads a file, and checks its size and SHA-256 on the way. After a cut the rest is requested (RFC 9110, section 14), where the server can send it.
 *
 * @throws CodedError `device_install_failed`; what the system says if the file cannot be written. What was written then stays
 */
export async function download(
  address: URL,
  file: string,
  expected: ExpectedFile,
  options: DownloadOptions,
): Promise<void> {
  await using handle = await open(file, 'wx');
  const part = new PartialFile(handle, expected, address);
  for (let failures = 0; !part.isComplete; ) {
    const before = part.bytes;
    try {
      await requestRest(address, part, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (!(thrown instanceof Interrupted)) throw thrown;
      failures = part.bytes > before ? 1 : failures + 1;
      if (failures >= ATTEMPTS) {
        throw installFailure(`${address} cannot be downloaded: ${thrown.message}`, CONNECTION, thrown);
      }
      await sleep(250 * 2 ** failures, undefined, { signal: options.signal });
    }
  }
  part.check();
}

/** The connection failed; another attempt may succeed. */
class Interrupted extends Error {}

/** The beginning of a file, and the hash of what it holds. */
class PartialFile {
  readonly #handle: FileHandle;
  readonly #expected: ExpectedFile;
  readonly #address: URL;
  #hash: Hash = createHash('sha256');
  bytes = 0;
  /** Of the reply that the beginning is from: the rest must be of the same. */
  etag: string | undefined;

  constructor(handle: FileHandle, expected: ExpectedFile, address: URL) {
    this.#handle = handle;
    this.#expected = expected;
    this.#address = address;
  }

  get isComplete(): boolean {
    return this.bytes >= this.#expected.bytes;
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.bytes = 0;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.bytes + chunk.length > this.#expected.bytes) {
      throw this.#wrong(`is larger than the ${this.#expected.bytes} bytes that it should have`);
    }
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, done, chunk.length - done, this.bytes + done);
      done += bytesWritten;
    }
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  check(): void {
    const sha256 = this.#hash.digest('hex');
    if (sha256 === this.#expected.sha256) return;
    throw this.#wrong(`is not the published file (SHA-256 ${sha256}, expected ${this.#expected.sha256})`);
  }

  #wrong(what: string): CodedError {
    const remedy = 'try again; if it stays, something on the way changes files: use another --index';
    return installFailure(`what was downloaded from ${this.#address} ${what}; nothing was installed`, remedy);
  }
}

/** @throws Interrupted if the connection fails or ends early */
async function requestRest(address: URL, part: PartialFile, options: DownloadOptions): Promise<void> {
  using silence = new Silence();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  const headers = {
    ...options.headers,
    'accept-encoding': 'identity',
    ...(part.bytes > 0 && { range: `bytes=${part.bytes}-` }),
    ...(part.bytes > 0 && part.etag !== undefined && { 'if-range': part.etag }),
  };
  const reply = await fetch(address, { headers, signal }).catch((thrown: unknown) => {
    throw new Interrupted(networkReason(thrown), { cause: thrown });
  });
  await placeReply(reply, part, address);
  const chunks = reply.body?.getReader();
  for (;;) {
    const { done, value } = (await chunks?.read().catch((thrown: unknown) => {
      throw new Interrupted(networkReason(thrown), { cause: thrown });
    })) ?? { done: true };
    if (done && !part.isComplete) throw new Interrupted(`the server ended the file after ${part.bytes} bytes`);
    if (done) return;
    silence.end();
    await part.append(value);
    options.onProgress(part.bytes);
  }
}

/** Makes the reply's body the continuation of the file: its rest, or all of it. */
async function placeReply(reply: Response, part: PartialFile, address: URL): Promise<void> {
  const { status } = reply;
  if (status === 206) {
    if (reply.headers.get('content-range')?.startsWith(`bytes ${part.bytes}-`)) return;
    await reply.body?.cancel();
    await part.restart();
    throw new Interrupted('the server sent another part of the file than requested');
  }
  if (status === 200) {
    if (part.bytes > 0) await part.restart(); // it cannot send parts, or the file has changed
    const etag = reply.headers.get('etag') ?? undefined;
    part.etag = etag?.startsWith('W/') ? undefined : etag; // a weak one is not for ranges (RFC 9110, section 13.1.5)
    return;
  }
  await reply.body?.cancel();
  const answer = `the server answered ${status} ${reply.statusText}`.trimEnd();
  if (status === 416) await part.restart();
  if (status >= 500 || [408, 416, 425, 429].includes(status)) throw new Interrupted(answer);
  throw installFailure(`${address} cannot be downloaded: ${answer}`, CONNECTION);
}

/** Aborts a request that has brought nothing for a minute. */
class Silence implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer = setTimeout(() => {
    this.#controller.abort(new Error(`nothing was received for ${SILENCE_MS / 1000} s`));
  }, SILENCE_MS);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something was received. */
  end(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
