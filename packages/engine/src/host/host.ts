import { EngineError } from '../errors.ts';
import type { GenerateOptions, GenerateRequest, GenerateResult, ModelInfo, PictureSize, TokenCount } from '../model.ts';
import { withFittingPicture } from '../pipeline/start-picture.ts';
import type { ChildKeeper } from './child-keeper.ts';
import type { EngineHost, HostStats } from './engine-host.ts';
import { PassHistory } from './pass-history.ts';
import { type ProcessMemory, processMemory } from './process-memory.ts';
import type { Call } from './protocol.ts';
import { isGenerateResult, isNothing, isTokenCounts } from './replies.ts';
import { RequestQueue } from './request-queue.ts';
import { type Supervision, superviseCall } from './supervised-call.ts';

type CallTerms = Pick<Supervision, 'pixels' | 'signal' | 'onStep'>;

/** The engine in a child process: one call at a time, a child only while there is work or was lately. */
export class Host implements EngineHost {
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
    const { signal, onStep, previewEvery } = options;
    const request = withFittingPicture(given, this.#info.sizes); // A photo is many times what is made of it.
    const call: Call = { type: 'generate', request, steps: onStep !== undefined, previewEvery };
    return this.#perform(call, isGenerateResult, { pixels: this.#pixelsOf(request), signal, onStep });
  }

  tokenize(text: string): Promise<readonly TokenCount[]> {
    return this.#perform({ type: 'tokenize', text }, isTokenCounts, { pixels: 0 });
  }

  prepare(size: PictureSize, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#perform({ type: 'prepare', size }, isNothing, { pixels: size.width * size.height, signal });
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
      // A child that still loads for somebody who let go no longer keeps this process alive: now it does again.
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
      // A start that its caller left goes on; what it brings is idle from then on.
      if (this.#keeper.isStarting) this.#awaitIdleness();
      else void this.#keeper.release();
    }, this.#idleMs).unref();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const reason = new EngineError('engine_closed', 'the engine was closed; load the model again to go on');
    this.#queue.close(reason);
    await this.#keeper.close(reason, this.#isBusy);
  }

  #state(): HostStats['state'] {
    if (this.#closing !== undefined) return 'closed';
    if (this.#keeper.child === undefined) return 'absent';
    if (this.#keeper.isStarting) return 'starting';
    return this.#isBusy ? 'running' : 'idle';
  }

  #pixelsOf(request: GenerateRequest): number {
    const { width, height } = request.image?.picture ?? this.#info.defaults;
    return (request.width ?? width) * (request.height ?? height);
  }
}
