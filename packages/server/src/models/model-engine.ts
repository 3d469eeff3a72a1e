import { createEngineHost, type EngineHost, type HostLogEntry } from '@easel/engine';
import type { JobRequest } from '../jobs/job-request.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { encodePictures, encodePreview } from './encode-pictures.ts';
import { engineFailure } from './engine-failure.ts';
import { engineRequest } from './engine-request.ts';
import type { Painting, PaintOptions, PaintStep } from './painter.ts';
import type { OpenedModel } from './served-model.ts';

export interface ModelEngineOptions {
  readonly model: OpenedModel;
  readonly easelVersion: string;
  /** Milliseconds without work after which the engine's process is ended; absent: the engine's own default. */
  readonly idleMs?: number | undefined;
  readonly threads?: number | undefined;
  readonly onLog: (entry: HostLogEntry) => void;
}

/** One model in a process of its own, which is started by its first picture. */
export class ModelEngine {
  readonly #options: ModelEngineOptions;
  readonly #closing = new AbortController();
  #host: Promise<EngineHost> | undefined;
  #isReady = false;

  constructor(options: ModelEngineOptions) {
    this.#options = options;
  }

  /** Whether it has drawn a picture. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** @throws PaintingFailed, or the signal's reason */
  async paint(request: JobRequest, options: PaintOptions): Promise<Painting> {
    try {
      return await this.#paint(request, options);
    } catch (error) {
      options.signal.throwIfAborted();
      throw engineFailure(error);
    }
  }

  async memory(): Promise<number | undefined> {
    const host = await this.#host?.catch(() => undefined);
    return (await host?.memory())?.resident;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const host = await this.#host?.catch(() => undefined);
    await host?.close();
  }

  async #paint(request: JobRequest, { signal, image = null, onStep }: PaintOptions): Promise<Painting> {
    const { model, easelVersion } = this.#options;
    const wanted = await engineRequest(request, image);
    const host = await this.#started(signal);
    let steps = 0;
    const result = await host.generate(wanted, {
      signal,
      ...(request.preview && { previewEvery: 1 }),
      onStep: ({ index, total, sigma, etaMs, preview }) => {
        steps += 1;
        const step: PaintStep = { index, total, sigma, etaMs };
        onStep(preview === undefined ? step : { ...step, preview: () => encodePreview(preview) });
      },
    });
    const began = performance.now();
    const { name: modelName } = model.card;
    const images = await encodePictures(result, request, { modelName, easelVersion });
    this.#isReady = true;
    const { denoiseMs, totalMs } = result.timings;
    const otherMs = totalMs - denoiseMs + (performance.now() - began);
    return { model: modelName, images, steps, denoiseMs, otherMs };
  }

  /** A start that its caller leaves goes on; one that fails is tried again by the next picture. */
  #started(signal: AbortSignal): Promise<EngineHost> {
    this.#host ??= this.#start().catch((error: unknown) => {
      this.#host = undefined;
      throw error;
    });
    return unlessAborted(this.#host, signal);
  }

  #start(): Promise<EngineHost> {
    const { model, idleMs, threads, onLog } = this.#options;
    return createEngineHost({
      model: model.path,
      load: { ...(threads !== undefined && { threads }), ...(model.config !== undefined && { config: model.config }) },
      ...(idleMs !== undefined && { idleMs }),
      onLog,
      signal: this.#closing.signal,
    });
  }
}
