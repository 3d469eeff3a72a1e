import { type Device, type Profile, profileNames, type WorkerEngine } from '@easel/contract';
import {
  BackOff,
  type Card,
  cardEnvironment,
  chooseDeviceHere,
  createEngineHost,
  type DeviceChoice,
  type DeviceInfo,
  type EngineHost,
  type HostLogEntry,
  type LoadOptions,
  type MemorySetting,
  type ModelInfo,
  toEngineError,
} from '@easel/engine';
import { unlessAborted } from '../unless-aborted.ts';
import { encodePictures, encodePreview, smallSample } from './encode-pictures.ts';
import { engineFailure } from './engine-failure.ts';
import { engineRequest } from './engine-request.ts';
import type { PaintedRequest, Painting, PaintOptions, PaintStep } from './painter.ts';
import type { EngineSettings, OpenedModel } from './served-models.ts';

export interface ModelEngineOptions {
  readonly model: OpenedModel;
  readonly engine: EngineSettings;
  readonly easelVersion: string;
  /** Milliseconds after which an idle engine process is stopped; absent: the engine's own default. */
  readonly idleMs?: number | undefined;
  readonly threads?: number | undefined;
  readonly memory: MemorySetting;
  /** Its part of a card's memory and of the machine's, where several engines share them; absent: all. */
  readonly memoryShares?: MemoryShares;
  readonly textCache: boolean;
  readonly onLog: (entry: HostLogEntry) => void;
}

/** Up to 1. Which of them counts is known once the device is. */
export interface MemoryShares {
  readonly card: number;
  readonly cpu: number;
}

/** One model in its own process, which is started for the first picture. */
export class ModelEngine {
  readonly #options: ModelEngineOptions;
  readonly #closing = new AbortController();
  readonly #backOff = new BackOff();
  /** Kept for all starts of the process: to try the devices takes seconds. */
  #choice: DeviceChoice | undefined;
  #choosing: Promise<DeviceChoice> | undefined;
  #host: Promise<EngineHost> | undefined;
  #isReady = false;
  #device: Device | null = null;
  #profiles: Profile[] | null = null;

  constructor(options: ModelEngineOptions) {
    this.#options = options;
  }

  /** Whether it has made a picture. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** As it is announced; the device stays known while an idle process is stopped. */
  get state(): WorkerEngine {
    const { model, engine } = this.#options;
    return {
      model: model.card.slug,
      card: this.#choice?.info.name === 'cpu' ? null : (engine.card?.index ?? null),
      device: this.#device,
      profiles: this.#profilesNow(),
    };
  }

  /** Whether it is meant for a graphics card, but runs on the CPU since the card cannot be used. @throws as `paint` */
  async fallsBack(signal: AbortSignal): Promise<boolean> {
    const { device, card } = this.#options.engine;
    if (device !== 'auto' || card === undefined) return false;
    try {
      return (await unlessAborted(this.#chosen(), signal)).info.name === 'cpu';
    } catch (error) {
      signal.throwIfAborted();
      throw engineFailure(error);
    }
  }

  /** @throws PaintingFailed, or the signal's reason */
  async paint(request: PaintedRequest, options: PaintOptions): Promise<Painting> {
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

  async #paint(request: PaintedRequest, options: PaintOptions): Promise<Painting> {
    const { signal, start = null, onStep, onSample, isDraft = false } = options;
    const { model, easelVersion } = this.#options;
    const loras = await model.loras.requests(request.loras ?? []);
    const wanted = { ...(await engineRequest(request, start)), ...(loras.length > 0 && { loras }) };
    const host = await this.#started(signal);
    let steps = 0;
    this.#learn(host.info);
    const result = await host.generate(wanted, {
      signal,
      ...(request.preview && !isDraft && { previewEvery: 1 }),
      ...(request.preview &&
        !isDraft &&
        onSample !== undefined && { onSample: ({ sample, picture }) => onSample(smallSample(sample, picture)) }),
      onStep: ({ index, total, sigma, etaMs, preview }) => {
        steps += 1;
        const step: PaintStep = { index, total, sigma, etaMs };
        onStep(preview === undefined ? step : { ...step, preview: () => encodePreview(preview) });
      },
    });
    const began = performance.now();
    const { name: modelName } = model.card;
    if (isDraft) for (const [sample, picture] of result.images.entries()) onSample?.(smallSample(sample, picture));
    const images = isDraft ? [] : await encodePictures(result, request, { modelName, easelVersion });
    this.#isReady = true;
    // A process that was started again may have found another device.
    const device = this.#learn(host.info);
    const { denoiseMs, totalMs } = result.timings;
    const otherMs = totalMs - denoiseMs + (performance.now() - began);
    return { model: modelName, profile: request.profile, device, images, steps, denoiseMs, otherMs };
  }

  /** On the CPU they depend on a file, which may have been made since the model was loaded. */
  #profilesNow(): Profile[] | null {
    const { choices = [] } = this.#options.model.card.allowed.profile ?? {};
    const made = profileNames.filter((name) => choices.includes(name));
    return this.#device?.name === 'cpu' ? made : this.#profiles;
  }

  #learn({ device, profiles }: ModelInfo): Device {
    const { reason, card } = this.#options.engine;
    // The runtime names no card; the one that its process sees is known.
    const own = card && device.name !== 'cpu' && { adapter: card.name, ...memoryOf(card) };
    this.#device = deviceReply({ ...own, ...(reason !== undefined && { reason }), ...device });
    this.#profiles = [...profiles];
    return this.#device;
  }

  /** A start goes on when its caller aborts; after a failed start the next picture starts the process again, but not at once. */
  #started(signal: AbortSignal): Promise<EngineHost> {
    this.#host ??= this.#start().catch((error: unknown) => {
      this.#host = undefined;
      throw error;
    });
    return unlessAborted(this.#host, signal);
  }

  async #start(): Promise<EngineHost> {
    const { signal } = this.#closing;
    await this.#backOff.wait(signal);
    try {
      const host = await this.#startOn(await this.#chosen());
      this.#backOff.succeeded();
      return host;
    } catch (error) {
      this.#backOff.failed();
      // What has failed for another reason says nothing about the device.
      if (isDeviceFault(error)) this.#choice = undefined;
      throw error;
    }
  }

  #chosen(): Promise<DeviceChoice> {
    if (this.#choice !== undefined) return Promise.resolve(this.#choice);
    this.#choosing ??= this.#choose().finally(() => {
      this.#choosing = undefined;
    });
    return this.#choosing;
  }

  async #choose(): Promise<DeviceChoice> {
    const { onLog } = this.#options;
    this.#choice = await chooseDeviceHere(this.#load(), {
      ...this.#environment(),
      onOutput: (message) => onLog({ level: 'output', message, pid: undefined }),
      signal: this.#closing.signal,
    });
    return this.#choice;
  }

  async #startOn(device: DeviceChoice): Promise<EngineHost> {
    const { model, idleMs, memoryShares, onLog } = this.#options;
    const memoryShare = memoryShares?.[device.info.name === 'cpu' ? 'cpu' : 'card'];
    const expectedLoras = await model.loras.largest();
    return createEngineHost({
      model: model.path,
      load: { ...this.#load(), expectedLoras, ...(memoryShare !== undefined && { memoryShare }) },
      device,
      ...this.#environment(),
      ...(idleMs !== undefined && { idleMs }),
      onLog,
      signal: this.#closing.signal,
    });
  }

  #load(): LoadOptions {
    const { model, engine, threads, memory, textCache } = this.#options;
    return {
      memory,
      device: engine.device,
      arithmetic: engine.arithmetic,
      ...(!textCache && { textCache }),
      ...(threads !== undefined && { threads }),
      ...model.load,
    };
  }

  #environment(): { readonly environment?: Readonly<Record<string, string>> } {
    const { card } = this.#options.engine;
    return card === undefined ? {} : { environment: cardEnvironment(card) };
  }
}

function isDeviceFault(thrown: unknown): boolean {
  return ['device_unavailable', 'device_lost'].includes(toEngineError(thrown).code);
}

function memoryOf({ memoryBytes }: Card): Pick<DeviceInfo, 'memoryBytes'> {
  return memoryBytes === undefined ? {} : { memoryBytes };
}

function deviceReply({ name, title, arithmetic, adapter, memoryBytes, reason }: DeviceInfo): Device {
  return {
    name,
    title,
    arithmetic,
    ...(adapter !== undefined && { adapter }),
    ...(memoryBytes !== undefined && { memory_bytes: memoryBytes }),
    ...(reason !== undefined && { reason }),
  };
}
