import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, EngineError, toEngineError } from '../errors.ts';
import type { DeviceChoice } from '../loading/choose-device.ts';
import type { LoadOptions, ModelInfo } from '../model.ts';
import { EngineChild } from './child-process.ts';
import type { HostLogEntry, HostOptions } from './engine-host.ts';
import { describeExit } from './exit-report.ts';
import { chooseDeviceHere } from './probe-devices.ts';
import { isModelInfo } from './protocol.ts';
import { PassHistory, type Supervision, superviseCall } from './supervision.ts';

/** A child that has the model loaded. */
export interface LoadedChild {
  readonly child: EngineChild;
  readonly info: ModelInfo;
}

/** Ensures that there is at most one child, and that it has the model loaded when requested. */
export class ChildKeeper {
  readonly #module: URL;
  readonly #options: HostOptions;
  readonly #deadlineMs: Supervision['deadlineMs'];
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  /** Kept for all children: that one has died says nothing about the device, and to try it again takes seconds. */
  #device: DeviceChoice | undefined;
  /** The last child that was started, until it has exited. */
  #child: EngineChild | undefined;
  /** Resolves when it has exited. */
  #gone: Promise<void> = Promise.resolve();
  #loaded: LoadedChild | undefined;
  #starting: Promise<LoadedChild> | undefined;
  #starts = 0;

  constructor(module: URL, options: HostOptions, deadlineMs: Supervision['deadlineMs']) {
    this.#module = module;
    this.#options = options;
    this.#deadlineMs = deadlineMs;
  }

  get child(): EngineChild | undefined {
    return this.#child;
  }

  get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /**
   * The loaded child, started if necessary. If a caller aborts while it loads, the next one gets it.
   * Only one caller may wait at a time.
   */
  async ready(signal: AbortSignal | undefined): Promise<LoadedChild> {
    const { signal: closing } = this.#closing;
    const stop = signal ? AbortSignal.any([closing, signal]) : closing;
    if (!stop.aborted && this.#loaded?.child.usable) return this.#loaded;
    if (this.#starting === undefined) {
      await unlessAborted(this.#bury(), stop);
      await this.#backOff.wait(stop);
      this.#starting = this.#start().finally(() => {
        this.#starting = undefined;
      });
    }
    return unlessAborted(this.#starting, stop);
  }

  /** Ends the idle child, which frees its memory. */
  async release(): Promise<void> {
    this.#loaded = undefined;
    await this.#child?.stop();
  }

  /** Ends the child even if it is busy; its call rejects with `reason`. Resolves when it has exited. */
  async close(reason: EngineError, isBusy: boolean): Promise<void> {
    this.#closing.abort(reason);
    this.#child?.ref();
    if (isBusy || this.#starting) this.#child?.kill(reason);
    else await this.release();
    await this.#starting?.catch(() => undefined);
    await this.#gone;
  }

  async #start(): Promise<LoadedChild> {
    const { model, load = {} } = this.#options;
    const device = await this.#chooseDevice(load).catch((thrown: unknown) => {
      throw this.#failedStart(thrown);
    });
    const child = this.#fork();
    const since = performance.now();
    try {
      const supervision = { passes: new PassHistory(), deadlineMs: this.#deadlineMs, pixels: 0 };
      const info = await superviseCall(child, { type: 'load', model, options: load, device }, isModelInfo, supervision);
      this.#backOff.succeeded();
      this.#loaded = { child, info };
      this.#log('info', `model loaded in ${Math.round(performance.now() - since)} ms: ${info.path}`, child);
      return this.#loaded;
    } catch (thrown) {
      const error = this.#failedStart(thrown);
      child.kill(error);
      throw error;
    }
  }

  #failedStart(thrown: unknown): EngineError {
    const error = toEngineError(thrown);
    if (error.kind !== 'cancelled' && error.code !== 'engine_closed') this.#backOff.failed();
    return error;
  }

  async #chooseDevice(load: LoadOptions): Promise<DeviceChoice> {
    if (this.#device) return this.#device;
    this.#device = this.#options.device ?? (await this.#tryDevices(load));
    const { info, notice } = this.#device;
    if (notice !== undefined) this.#log('notice', notice);
    else if (info.reason !== undefined) this.#log('info', `the device is ${info.title}: ${info.reason}`);
    return this.#device;
  }

  async #tryDevices(load: LoadOptions): Promise<DeviceChoice> {
    const { environment, onTrying } = this.#options;
    let isTrying = false;
    const choice = await chooseDeviceHere(load, {
      module: this.#module,
      environment,
      signal: this.#closing.signal,
      onOutput: (line) => this.#log('output', line),
      onTrying: (title) => {
        isTrying = true;
        onTrying?.(title);
      },
    });
    if (isTrying) onTrying?.(undefined);
    return choice;
  }

  /** Waits for a child that accepts no more calls to exit: two models may not fit into memory at once. */
  async #bury(): Promise<void> {
    this.#child?.ref();
    this.#child?.kill(new EngineError('engine_closed', 'a new process takes the place of this one'));
    await this.#gone;
  }

  #fork(): EngineChild {
    let child: EngineChild | undefined;
    try {
      const log = (level: 'output' | 'notice') => (message: string) => this.#log(level, message, child);
      child = new EngineChild(this.#module, log('output'), this.#options.environment, log('notice'));
    } catch (thrown) {
      this.#backOff.failed();
      throw toEngineError(thrown, 'engine_crashed');
    }
    this.#starts += 1;
    this.#child = child;
    this.#gone = this.#untilGone(child);
    this.#log('info', "the engine's process was started", child);
    return child;
  }

  async #untilGone(child: EngineChild): Promise<void> {
    const exit = await child.exited;
    if (this.#child === child) this.#child = undefined;
    if (this.#loaded?.child === child) this.#loaded = undefined;
    if (child.condemned)
      this.#log('info', `the engine's process was ended (${exit.signal ?? `exit code ${exit.code}`})`, child);
    else this.#log('warn', describeExit(exit), child);
  }

  #log(level: HostLogEntry['level'], message: string, child?: EngineChild): void {
    this.#options.onLog?.({ level, message, pid: child?.pid });
  }
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** Delays restarts after failed starts: half a second after the first failure, doubled after each further one. */
export class BackOff {
  #failures = 0;
  #failedAt = 0;

  failed(): void {
    this.#failures += 1;
    this.#failedAt = performance.now();
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds until the next permitted start. */
  get remainingMs(): number {
    if (this.#failures === 0) return 0;
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
    return Math.max(0, this.#failedAt + delayMs - performance.now());
  }

  /** @throws EngineError when the signal is aborted first: its reason when that is one, else `cancelled` */
  async wait(signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      if (this.remainingMs > 0) await sleep(this.remainingMs, undefined, { signal });
    } catch {
      throw abortError(signal);
    }
  }
}

/**
 * Waits for a promise that continues in the background: the signal only ends the wait.
 * @throws EngineError the signal's reason when that is one, else `cancelled`
 */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortError(signal));
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
