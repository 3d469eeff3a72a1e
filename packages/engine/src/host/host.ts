import { EngineError } from '../errors.ts';
import { checkedLoadOptions } from '../loading/load-options.ts';
import type {
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  ModelInfo,
  PictureSize,
  PrepareOptions,
  TokenCount,
} from '../model.ts';
import { checkedRequest } from '../pipeline/checked-request.ts';
import { withFittingPicture } from '../pipeline/start-picture.ts';
import { ChildKeeper } from './child-keeper.ts';
import { childModule } from './child-process.ts';
import type { EngineHost, HostOptions, HostStats } from './engine-host.ts';
import { type ProcessMemory, processMemory } from './process-memory.ts';
import { type Call, isGenerateResult, isNothing, isTokenCounts } from './protocol.ts';
import { RequestQueue } from './request-queue.ts';
import { defaultPassDeadlineMs, PassHistory, type Supervision, superviseCall } from './supervision.ts';

const DEFAULT_IDLE_MS = 5 * 60_000;
/** With a longer delay setTimeout fires at once (HTML, timers: a signed 32-bit number of milliseconds). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Loads a model in a child process and gives it the interface of a model in this one.
 *
 * A run blocks its thread and cannot be interrupted; in a process of its own it does not block the caller, is cancelled
 * within a second, and a native crash or a lack of memory fails only one call: the next call gets a fresh process.
 * Calls run one at a time in the order they came. Without work the process is ended after `idleMs`, and started again by
 * the next call. An idle host does not keep the caller's process alive.
 *
 * @throws EngineError as `loadModel` does; `engine_crashed`, `engine_hung` or `cancelled` when the load did not end
 * @example
 * const host = await createEngineHost({ model: './playground-v2.5' });
 * const { images } = await host.generate({ prompt: 'a red apple', seed: 1 }, { signal: AbortSignal.timeout(60_000) });
 * await host.close();
 */
export function createEngineHost(options: HostOptions): Promise<EngineHost> {
  return startHost(options, childModule('child'));
}

/** The same with a custom child script, for tests with an engine that crashes or hangs. */
export async function startHost(options: HostOptions, module: URL): Promise<EngineHost> {
  const idleMs = milliseconds('idleMs', options.idleMs ?? DEFAULT_IDLE_MS, 0);
  const { passDeadlineMs } = options;
  if (passDeadlineMs !== undefined) milliseconds('passDeadlineMs', passDeadlineMs, 1);
  const deadlineMs = passDeadlineMs === undefined ? defaultPassDeadlineMs : () => passDeadlineMs;
  const load = checkedLoadOptions(options.load ?? {});
  const keeper = new ChildKeeper(module, { ...options, load }, deadlineMs);
  try {
    const { info } = await keeper.ready(options.signal);
    const never = idleMs === 0 || idleMs > MAX_TIMER_MS;
    return new Host(keeper, info, never ? Number.POSITIVE_INFINITY : idleMs, deadlineMs);
  } catch (error) {
    await keeper.close(new EngineError('engine_closed', 'the engine was not started'), true);
    throw error;
  }
}

function milliseconds(param: 'idleMs' | 'passDeadlineMs', value: number, least: number): number {
  if (value >= least) return value;
  throw new EngineError('invalid_request', `${param} must be at least ${least} millisecond(s) (got ${value})`, {
    details: { param },
  });
}

type CallTerms = Pick<Supervision, 'pixels' | 'signal' | 'onStep' | 'onSample'>;

/** The engine in a child process: one call at a time, with a child only while there is work or recently was. */
class Host implements EngineHost {
  readonly #keeper: ChildKeeper;
  readonly #deadlineMs: Supervision['deadlineMs'];
  readonly #idleMs: number;
  readonly #queue = new RequestQueue();
  readonly #passes = new PassHistory();
  #info: ModelInfo;
  #isBusy = false;
  #idleTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  /** Takes over a child that has just been loaded. `idleMs`: Infinity for never. */
  constructor(keeper: ChildKeeper, info: ModelInfo, idleMs: number, deadlineMs: Supervision['deadlineMs']) {
    this.#keeper = keeper;
    this.#info = info;
    this.#idleMs = idleMs;
    this.#deadlineMs = deadlineMs;
    this.#awaitIdleness();
  }

  get info(): ModelInfo {
    return this.#info;
  }

  async generate(given: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    const { signal, onStep, onSample, previewEvery, previewBy } = options;
    const request = withFittingPicture(checkedRequest(given), this.#info.sizes); // A photo is many times larger than what is made from it.
    const heard = { steps: onStep !== undefined, samples: onSample !== undefined };
    const call: Call = { type: 'generate', request, ...heard, previewEvery, previewBy };
    return this.#perform(call, isGenerateResult, { pixels: this.#pixelsOf(request), signal, onStep, onSample });
  }

  tokenize(text: string): Promise<readonly TokenCount[]> {
    return this.#perform({ type: 'tokenize', text }, isTokenCounts, { pixels: 0 });
  }

  prepare(size: PictureSize, { profile, signal }: PrepareOptions = {}): Promise<void> {
    return this.#perform({ type: 'prepare', size, profile }, isNothing, { pixels: size.width * size.height, signal });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): HostStats {
    const { child, restarts } = this.#keeper;
    return { pid: child?.pid, state: this.#state(), queued: this.#queue.waiting, restarts };
  }

  async memory(): Promise<ProcessMemory | undefined> {
    const pid = this.#keeper.child?.pid;
    return pid === undefined ? undefined : processMemory(pid);
  }

  #perform<T>(call: Call, accept: (value: unknown) => value is T, terms: CallTerms): Promise<T> {
    return this.#queue.run(async () => {
      this.#isBusy = true;
      clearTimeout(this.#idleTimer);
      // A child that is still loading for an aborted call does not keep this process alive; from here on it does again.
      this.#keeper.child?.ref();
      try {
        const { child, info } = await this.#keeper.ready(terms.signal);
        this.#info = info;
        const supervision = { passes: this.#passes, deadlineMs: this.#deadlineMs, ...terms };
        return await superviseCall(child, call, accept, supervision);
      } finally {
        this.#isBusy = false;
        if (this.#queue.waiting === 0) this.#awaitIdleness();
      }
    }, terms.signal);
  }

  #awaitIdleness(): void {
    if (this.#closing !== undefined) return;
    this.#keeper.child?.unref();
    if (this.#idleMs === Number.POSITIVE_INFINITY) return;
    this.#idleTimer = setTimeout(() => {
      // A start whose caller aborted continues; its child is then idle.
      if (this.#keeper.isStarting) this.#awaitIdleness();
      else void this.#keeper.release();
    }, this.#idleMs).unref();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const reason = new EngineError('engine_closed', 'the engine was closed');
    this.#queue.close(reason);
    await this.#keeper.close(reason, this.#isBusy);
  }

  #state(): HostStats['state'] {
    if (this.#closing !== undefined) return 'closed';
    if (this.#keeper.isStarting) return 'starting';
    if (this.#keeper.child === undefined) return 'absent';
    return this.#isBusy ? 'running' : 'idle';
  }

  #pixelsOf(request: GenerateRequest): number {
    const { width, height } = request.image?.picture ?? this.#info.defaults;
    const own = (request.width ?? width) * (request.height ?? height);
    // Tiles have the model's native size, whatever the picture's.
    return request.upscale === undefined ? own : Math.max(own, this.#info.defaults.width ** 2);
  }
}
