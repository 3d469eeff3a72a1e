import type { PictureSettings } from '@easel/parameters';
import { abortError, EngineError, toEngineError } from '../errors.ts';
import { requireImageFormat } from '../image/decode-image.ts';
import type { PictureSize } from '../model.ts';
import { childModule, EngineChild } from './child-process.ts';
import { isFile, isPictureSize, isSettings, type PictureCall, type PictureLimits } from './protocol.ts';

/** After a larger picture the process is ended: starting a new one is cheap compared with the decoding, and frees its memory. */
const REUSE_PIXELS = 4 * 2 ** 20;

export interface PictureHostOptions {
  /** Limits for reading one picture. Default: 20 s of CPU time, and 768 MB of memory for the whole process. */
  readonly limits?: Partial<PictureLimits>;
  /** The longest that a call may take, busy or not. Default: 1 minute. */
  readonly patienceMs?: number;
  /** Milliseconds without work after which a process is ended. Default: 1 minute. */
  readonly idleMs?: number;
}

/** A picture in the process that reads it. */
export interface OpenPicture {
  /** After EXIF rotation. */
  readonly size: PictureSize;
  /**
   * How it was made, as far as its file says so: see `readSettings`. A hostile file takes seconds. Before `fit`.
   *
   * @throws EngineError as `PictureHost.open`
   */
  settings(): Promise<PictureSettings | null>;
  /**
   * Decodes a mask for it: white where it is repainted, cropped and scaled as `fit` does it with the picture. Before `fit`.
   *
   * @param size undefined: that of the picture
   * @param blur what it is to be blurred by when it is used; here it only must leave something to repaint
   * @throws EngineError as `PictureHost.open`, and `invalid_request` for one that repaints nothing, both of the field `mask`
   */
  mask(file: Uint8Array, size: PictureSize | undefined, blur: number): Promise<Uint8Array>;
  /**
   * Decodes it in full, crops it to the aspect ratio of that size at its centre and scales it: exactly the start image, as a PNG file, that
   * image-to-image of that size uses. To be called once.
   *
   * @param size undefined: it stays as large as it is
   * @throws EngineError as `PictureHost.open`
   */
  fit(size: PictureSize | undefined): Promise<Uint8Array>;
  /** Releases the process for another picture; a busy one is ended. */
  close(): void;
}

export interface PictureHost {
  /**
   * Reads the header of a picture's file.
   *
   * @param signal for all work on the picture, which it stops at once
   * @throws EngineError `image_unreadable` when it cannot be read or takes too much, `engine_hung` when it takes too long, `engine_crashed`
   *   when its process dies, `cancelled`, `engine_closed`
   */
  open(file: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<OpenPicture>;
  /** Of the current processes. */
  readonly pids: readonly number[];
  /** Ends all processes, busy or not; resolves when they have exited. */
  close(): Promise<void>;
}

/**
 * Decodes untrusted images in separate processes. Decoding takes seconds, hundreds of megabytes, and native code that no signal
 * interrupts: there it blocks nobody, ends when its caller aborts, and has limits; and a crash fails only one picture.
 *
 * Each open picture has a process, so the caller decides how many there are. After a small picture the process is reused, and it is ended after
 * `idleMs` without work; an idle one does not keep the caller's process alive.
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
      // After a failure as well: its state is unknown.
      if (isBusy) child.kill(new EngineError('cancelled', 'the picture was closed'));
      else this.#giveBack(child, pixels);
    };
    try {
      const size = await call({ type: 'open', file, limits: this.#limits }, isPictureSize);
      pixels = size.width * size.height;
      return {
        size,
        settings: () => call({ type: 'settings' }, isSettings),
        mask: async (mask, wanted, blur) => {
          requireImageFormat(mask, 'mask');
          return call({ type: 'mask', file: mask, size: wanted && sidesOf(wanted), blur }, isFile);
        },
        fit: (wanted) => call({ type: 'fit', size: wanted && sidesOf(wanted) }, isFile),
        close,
      };
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

/** Of what may have more than sides, which is not to be sent. */
function sidesOf({ width, height }: PictureSize): PictureSize {
  return { width, height };
}

function pictureCrashError(cause?: unknown): EngineError {
  return new EngineError('engine_crashed', 'the process that read a picture died', { cause });
}
