import { CodedError, systemCode, whyNoFolder } from '@easel/errors';
import { type Digest, PartialFile, type Range } from './partial-file.ts';
import { Interrupted, MAX_REDIRECTS, networkReason, redirectOf, Silence } from './requests.ts';

/** Requests at the same time, over all files. */
const CONNECTIONS = 8;
/** What one request asks for. */
const PART_BYTES = 32 << 20;

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes that are there, new or from an earlier attempt, and, below zero, with those that were discarded. */
  readonly onBytes: (bytes: number, isNew: boolean) => void;
  readonly partBytes?: number | undefined;
}

/** Where a file is asked for, and what is said when it does not come. */
export interface FileSource {
  /** It may redirect to a store, with an address that expires. */
  readonly address: URL;
  /** One request that follows no redirect. @throws Interrupted */
  request(address: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** Waits before the next attempt. @throws once there were too many */
  pause(failures: number, interrupted: Interrupted): Promise<void>;
  /** What a final answer that is no success means. */
  refusal(reply: Response): Error;
  /** @param said such as `sent more than …`: it continues "the server" */
  wrongLength(said: string): Error;
  /** The whole file was received twice, and was another one than was expected. */
  corrupt(): Error;
}

/** A file and where it goes. */
export interface Transfer {
  readonly source: FileSource;
  readonly bytes: number;
  readonly digest: Digest;
  /** Its place when it is complete and checked; until then it is beside it. */
  readonly place: string;
}

/** Where an incomplete file is kept. Not `HASH.incomplete`, which other tools take to have no gaps. */
export function incompleteOf(place: string): string {
  return `${place}.easel.incomplete`;
}

/**
 * Downloads files at the same time, each in parts at the same time, checks each, and gives each its place in one step. What has arrived
 * stays when it fails or is cancelled, for the next attempt.
 *
 * @throws CodedError `disk_full`, `output_unwritable`, and what the sources say
 */
export async function transferFiles(transfers: readonly Transfer[], options: TransferOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const connections = new Places(CONNECTIONS);
  const files = new Places(CONNECTIONS);
  const results = await Promise.allSettled(
    transfers.map(async (transfer) => {
      using _place = await files.take();
      signal.throwIfAborted();
      await new FileTransfer(transfer, connections, { ...options, signal }).run().catch((thrown: unknown) => {
        stop.abort(thrown);
        throw thrown;
      });
    }),
  );
  options.signal.throwIfAborted();
  if (stop.signal.aborted) throw stop.signal.reason;
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

class FileTransfer {
  readonly #transfer: Transfer;
  readonly #connections: Places;
  readonly #options: TransferOptions;
  /** Where the source has redirected to; asked for again when it has expired. */
  #link: URL | undefined;
  /** The server sends whole files only. */
  #isWhole = false;

  constructor(transfer: Transfer, connections: Places, options: TransferOptions) {
    this.#transfer = transfer;
    this.#connections = connections;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { bytes, digest, place, source } = this.#transfer;
    const part = await PartialFile.open(incompleteOf(place), bytes, digest).catch((thrown: unknown) => {
      throw writeFailure(place, thrown);
    });
    try {
      this.#options.onBytes(part.received, false);
      for (let attempt = 1; ; attempt++) {
        await this.#fill(part);
        if (await part.isIntact()) break;
        this.#options.onBytes(-part.received, false);
        await part.discard();
        if (attempt === 2) throw source.corrupt();
      }
    } catch (thrown) {
      await part.leave().catch(() => {}); // the disk may be full
      throw this.#options.signal.aborted ? thrown : writeFailure(place, thrown);
    }
    await part.finish(place).catch((thrown: unknown) => {
      throw writeFailure(place, thrown);
    });
  }

  /** Until nothing is missing. */
  async #fill(part: PartialFile): Promise<void> {
    const { partBytes = PART_BYTES } = this.#options;
    const { bytes } = this.#transfer;
    const count = Math.min(CONNECTIONS, Math.max(1, Math.ceil((bytes - part.received) / partBytes)));
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, stop.signal]);
    const worker = async () => {
      for (;;) {
        using _connection = await this.#connections.take();
        signal.throwIfAborted();
        const range = part.take(this.#isWhole ? bytes : partBytes);
        if (range === undefined) return;
        try {
          await this.#receive(part, range, signal);
        } finally {
          part.release(range);
        }
      }
    };
    const results = await Promise.allSettled(
      Array.from({ length: count }, () =>
        worker().catch((thrown: unknown) => {
          stop.abort(thrown);
          throw thrown;
        }),
      ),
    );
    this.#options.signal.throwIfAborted();
    if (stop.signal.reason instanceof RangesNotSupported) return this.#fillWhole(part);
    if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  }

  async #fillWhole(part: PartialFile): Promise<void> {
    this.#isWhole = true;
    this.#options.onBytes(-part.received, false);
    await part.discard();
    const { signal } = this.#options;
    const range = part.take(this.#transfer.bytes);
    if (range === undefined) return;
    using _connection = await this.#connections.take();
    try {
      await this.#receive(part, range, signal);
    } finally {
      part.release(range);
    }
  }

  /** One part, with as many requests as it takes. */
  async #receive(part: PartialFile, range: Range, signal: AbortSignal): Promise<void> {
    let at = range.start;
    for (let failures = 0; at < range.end; ) {
      const before = at;
      try {
        for await (const chunk of this.#request({ start: at, end: range.end }, signal)) {
          await part.write(chunk, at);
          at += chunk.length;
          this.#options.onBytes(chunk.length, true);
        }
        if (at < range.end)
          throw new Interrupted(`the server ended the reply after ${at - before} of ${range.end - before} bytes`);
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof Interrupted)) throw thrown;
        // What a server that sends no parts has sent before a cut counts for nothing.
        failures = at > before && !this.#isWhole ? 1 : failures + 1;
        this.#link = undefined; // a new one may lead elsewhere
        await this.#transfer.source.pause(failures, thrown);
        if (this.#isWhole && at > range.start) {
          this.#options.onBytes(range.start - at, false);
          at = range.start;
        }
      }
    }
  }

  /** The bytes of a range, never more than were asked for. */
  async *#request(range: Range, outer: AbortSignal): AsyncGenerator<Uint8Array> {
    using silence = new Silence(outer);
    const reply = await this.#open(range, silence.signal);
    this.#checkReply(reply, range);
    const chunks = reply.body?.getReader();
    let left = range.end - range.start;
    try {
      while (left > 0 && chunks !== undefined) {
        const { done, value } = await chunks.read().catch((thrown: unknown) => {
          outer.throwIfAborted();
          throw new Interrupted(networkReason(thrown), { cause: thrown });
        });
        if (done) return;
        silence.end();
        if (value.length > left)
          throw this.#transfer.source.wrongLength(`sent more than the ${range.end - range.start} bytes asked for`);
        left -= value.length;
        yield value;
      }
    } finally {
      await chunks?.cancel().catch(() => {});
    }
  }

  /** Asks the source, or the store that it redirected to; a link of the store that has expired is asked for again. */
  async #open({ start, end }: Range, signal: AbortSignal): Promise<Response> {
    const { source, bytes } = this.#transfer;
    const headers = {
      'accept-encoding': 'identity',
      ...(!this.#isWhole && bytes > 0 && { range: `bytes=${start}-${end - 1}` }),
    };
    let address = this.#link ?? source.address;
    for (let redirects = 0; ; redirects++) {
      const reply = await source.request(address, headers, signal);
      if (reply.status === 200 || reply.status === 206) {
        if (address.origin !== source.address.origin) this.#link = address;
        return reply;
      }
      await reply.body?.cancel();
      const next = redirectOf(reply, address);
      if (next !== undefined && redirects < MAX_REDIRECTS) {
        address = next;
        continue;
      }
      if (address.origin !== source.address.origin) {
        throw new Interrupted(`the store answered ${reply.status}: its link may have expired`);
      }
      throw source.refusal(reply);
    }
  }

  #checkReply(reply: Response, { start, end }: Range): void {
    const { bytes, source } = this.#transfer;
    if (reply.status === 206) {
      const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(reply.headers.get('content-range') ?? '') ?? [];
      if (total !== '*' && Number(total) !== bytes)
        throw source.wrongLength(`says that it has ${total ?? 'an unknown number of'} bytes`);
      if (Number(from) !== start || Number(to) >= end)
        throw new Interrupted('the server sent another part of the file than asked for');
      return;
    }
    const length = reply.headers.get('content-length');
    const isEncoded = reply.headers.has('content-encoding');
    if (length !== null && !isEncoded && Number(length) !== bytes)
      throw source.wrongLength(`says that it has ${length} bytes`);
    if (start !== 0 || end !== bytes) throw new RangesNotSupported('the server does not send parts of files');
    this.#isWhole = true;
  }
}

class RangesNotSupported extends Error {}

/** What the system says when a file cannot be written, in words. */
export function writeFailure(path: string, thrown: unknown): unknown {
  const code = thrown instanceof CodedError || thrown instanceof Interrupted ? undefined : systemCode(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CodedError('disk_full', `the disk is full: ${path} could not be completed; what has arrived is kept`, {
      remedy: 'free some space and run the command again, or set HF_HUB_CACHE to another folder',
      cause: thrown,
    });
  }
  if (
    code === undefined ||
    !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EIO', 'EISDIR', 'ENAMETOOLONG'].includes(code)
  )
    return thrown;
  return new CodedError('output_unwritable', `${path} cannot be written: ${whyNoFolder(thrown)}`, {
    remedy: 'check who may write there, or set HF_HUB_CACHE to another folder',
    cause: thrown,
  });
}

/** So many at a time; the others wait in line. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return {
      [Symbol.dispose]: () => {
        const next = this.#waiting.shift();
        if (next === undefined) this.#free++;
        else next();
      },
    };
  }
}
