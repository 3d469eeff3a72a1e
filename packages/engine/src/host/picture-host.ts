import { abortError, EngineError, toEngineError } from '../errors.ts';
import { requireImageFormat } from '../image/decode-image.ts';
import type { PictureSize } from '../model.ts';
import { childModule, EngineChild } from './child-process.ts';
import { isFile, isPictureSize, type PictureCall, type PictureLimits } from './protocol.ts';

/** After a larger picture a process is ended: a new one costs little beside the decoding, and has none of its memory left. */
const REUSE_PIXELS = 4 * 2 ** 20;

export interface PictureHostOptions {
  /** What reading one picture may take. Default: 20 s of processor time, and 768 MB of memory for the whole process. */
  readonly limits?: Partial<PictureLimits>;
  /** How long a call may take, however little it does meanwhile. Default: 1 minute. */
  readonly patienceMs?: number;
  /** Milliseconds without work after which a process is ended. Default: 1 minute. */
  readonly idleMs?: number;
}

/** A picture in a process that reads it. */
export interface OpenPicture {
  /** As it is shown. */
  readonly size: PictureSize;
  /**
   * Decodes all of it, cuts it to the shape of that size at its centre and scales it: the PNG file of what image-to-image of that size starts
   * from, exact. To be called once.
   *
   * @throws EngineError as `PictureHost.open`
   */
  fit(size: PictureSize): Promise<Uint8Array>;
  /** The process is free for another picture; one that is busy is ended. */
  close(): void;
}

export interface PictureHost {
  /**
   * Reads the header of a picture's file.
   *
   * @param signal for all that is done with the picture: the work stops at once
   * @throws EngineError `image_unreadable` when it cannot be read or takes too much, `engine_hung` when it takes too long, `engine_crashed`
   *   when its process dies, `cancelled`, `engine_closed`
   */
  open(file: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<OpenPicture>;
  /** Of the processes that there are. */
  readonly pids: readonly number[];
  /** Ends all processes, whatever they do; resolves when they are gone. */
  close(): Promise<void>;
}

/**
 * Decodes untrusted images in separate processes. Decoding takes seconds, hundreds of megabytes, and native code that no signal
 * reaches: there it blocks nobody, ends when nobody waits for it any more, and has limits; and a crash is the error of one picture.
 *
 * Each open picture has a process, so who opens them decides how many there are. After a small picture a process is used again, and it is ended when it has had no
 * work for `idleMs`; an idle one does not keep the caller's process alive.
 *
 * @example
 * const host = createPictureHost();
 * const picture = await host.open(await readFile('photo.jpg'));
 * await writeFile('start.png', await picture.fit({ width: 1024, height: 1024 }));
 * picture.close();
 * await host.close();
 */
export function createPictureHost(options: PictureHostOptions = {}): PictureHost {
  return new ChildPictureHost(options);
}

class ChildPictureHost implements PictureHost {
  readonly #limits: PictureLimits;
  readonly #patienceMs: number;
  readonly #idleMs: number;
  readonly #children = new Set<EngineChild>();
  /** With what ends each of them. */
  readonly #idle = new Map<EngineChild, NodeJS.Timeout>();
  readonly #closing = new AbortController();

  constructor({ limits, patienceMs = 60_000, idleMs = 60_000 }: PictureHostOptions) {
    this.#limits = { cpuSeconds: 20, memoryBytes: 768 * 2 ** 20, ...limits };
    this.#patienceMs = patienceMs;
    this.#idleMs = idleMs;
  }

  get pids(): readonly number[] {
    return [...this.#children].flatMap(({ pid }) => pid ?? []);
  }

  async open(file: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<OpenPicture> {
    requireImageFormat(file);
    const { signal: closing } = this.#closing;
    const stop = signal === undefined ? closing : AbortSignal.any([closing, signal]);
    if (stop.aborted) throw abortError(stop);
    const child = this.#take();
    const kill = () => child.kill(abortError(stop));
    stop.addEventListener('abort', kill, { once: true });
    let isBusy = false;
    let pixels = 0;
    const call = async <T>(wanted: PictureCall, accept: (value: unknown) => value is T) => {
      if (stop.aborted) throw abortError(stop);
      isBusy = true;
      const value = await this.#call(child, wanted, accept);
      isBusy = false;
      return value;
    };
    const close = () => {
      stop.removeEventListener('abort', kill);
      // After a failure as well: nobody knows what it left behind.
      if (isBusy) child.kill(new EngineError('cancelled', 'the picture was closed'));
      else this.#giveBack(child, pixels);
    };
    try {
      const size = await call({ type: 'open', file, limits: this.#limits }, isPictureSize);
      pixels = size.width * size.height;
      return { size, fit: ({ width, height }) => call({ type: 'fit', size: { width, height } }, isFile), close };
    } catch (error) {
      close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new EngineError('engine_closed', 'the host of pictures was closed'));
    const stopped = [...this.#children].map((child) => {
      child.ref();
      return child.stop();
    });
    await Promise.all(stopped);
  }

  async #call<T>(child: EngineChild, call: PictureCall, accept: (value: unknown) => value is T): Promise<T> {
    if (!child.usable) throw pictureCrashError();
    const message = `reading the picture took longer than ${this.#patienceMs / 1000} s`;
    const late = setTimeout(() => child.kill(new EngineError('engine_hung', message)), this.#patienceMs);
    try {
      return await child.call(call, accept);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'engine_crashed') throw error;
      throw pictureCrashError(error);
    } finally {
      clearTimeout(late);
    }
  }

  #take(): EngineChild {
    for (const [child, end] of this.#idle) {
      clearTimeout(end);
      this.#idle.delete(child);
      if (!child.usable) continue;
      child.ref();
      return child;
    }
    const child = this.#fork();
    this.#children.add(child);
    void child.exited.then(() => {
      this.#children.delete(child);
      clearTimeout(this.#idle.get(child));
      this.#idle.delete(child);
    });
    return child;
  }

  #fork(): EngineChild {
    try {
      return new EngineChild(childModule('picture-child'), () => {});
    } catch (thrown) {
      throw toEngineError(thrown, 'engine_crashed');
    }
  }

  #giveBack(child: EngineChild, pixels: number): void {
    if (!child.usable || this.#idle.has(child)) return;
    child.unref();
    if (pixels > REUSE_PIXELS) void child.stop();
    else this.#idle.set(child, setTimeout(() => void child.stop(), this.#idleMs).unref());
  }
}

function pictureCrashError(cause?: unknown): EngineError {
  return new EngineError('engine_crashed', 'the process that read a picture died', { cause });
}
