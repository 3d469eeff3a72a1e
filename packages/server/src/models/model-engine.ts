import {
  answerTo,
  applyStyle,
  type Device,
  type EngineFields,
  engineFields,
  type FilledRequest,
  type Profile,
  parameterValues,
  profileNames,
  seedsOfSamples,
  type WorkerEngine,
} from '@easel/contract';
import {
  BackOff,
  type Card,
  cardEnvironment,
  chooseDeviceHere,
  createEngineHost,
  type DecodedPicture,
  type DeviceChoice,
  type DeviceInfo,
  decodeImage,
  decodeMask,
  type EngineHost,
  encodeImage,
  type GeneratedImage,
  type GenerateRequest,
  type GenerateResult,
  type GenerationParameters,
  type HostLogEntry,
  type ImageToImage,
  type LoadOptions,
  type MemorySetting,
  type ModelInfo,
  resizeLanczos,
  toEngineError,
} from '@easel/engine';
import { unlessAborted } from '../unless-aborted.ts';
import {
  type PaintedImage,
  type PaintedRequest,
  type Painting,
  PaintingFailed,
  type PaintOptions,
  type PaintStart,
  type PaintStep,
} from './painter.ts';
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

  async #paint(request: PaintedRequest, { signal, start = null, onStep, onSample }: PaintOptions): Promise<Painting> {
    const { model, easelVersion } = this.#options;
    const loras = await model.loras.requests(request.loras ?? []);
    const wanted = { ...(await engineRequest(request, start)), ...(loras.length > 0 && { loras }) };
    const host = await this.#started(signal);
    let steps = 0;
    this.#learn(host.info);
    const result = await host.generate(wanted, {
      signal,
      ...(request.preview && { previewEvery: 1 }),
      ...(request.preview &&
        onSample !== undefined && {
          onSample: ({ sample, picture }) =>
            onSample({ sample, preview: () => encodePreview(withinSide(picture, shownSide(picture))) }),
        }),
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

/**
 * Converts a job's request for the engine.
 *
 * @param start from what; null: from noise alone
 * @throws EngineError `image_unreadable`
 */
async function engineRequest(request: PaintedRequest, start: PaintStart | null): Promise<GenerateRequest> {
  const image = await startPicture(start, request);
  // Of the same names and types on both sides, or this does not compile.
  const texts = request.styleTexts && applyStyle(request.styleTexts, request);
  const same: Pick<GenerateRequest, keyof EngineFields> = engineFields({ ...request, ...texts });
  // A picture that is enlarged has its own size.
  const { width, height, ...unsized } = same;
  return {
    ...(image !== undefined && request.upscale ? unsized : same),
    // A list, because after the largest seed they continue at 0.
    seeds: seedsOfPictures(request),
    ...(image !== undefined && { image }),
  };
}

function seedsOfPictures({ seed, samples, variationStrength }: FilledRequest): [number, ...number[]] {
  return seedsOfSamples(seed, samples, variationStrength);
}

async function startPicture(
  files: PaintStart | null,
  { strength, maskPadding, maskBlur }: FilledRequest,
): Promise<ImageToImage | undefined> {
  if (files === null) return undefined;
  const image = { picture: await decodeImage(files.image), ...(strength !== null && { strength }) };
  if (files.mask === null) return image;
  return {
    ...image,
    mask: await decodeMask(files.mask),
    ...(maskPadding !== null && { maskPadding }),
    ...(maskBlur !== null && { maskBlur }),
  };
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

/** Good enough for a preview, and a few kilobytes. */
const PREVIEW_QUALITY = 80;

interface Signature {
  /** What the model really is. */
  readonly modelName: string;
  readonly easelVersion: string;
}

/** The pictures as files of the request's format. */
async function encodePictures(
  { images, used }: GenerateResult,
  request: FilledRequest,
  signature: Signature,
): Promise<PaintedImage[]> {
  const { format, quality, embedParameters } = request;
  const encoded: PaintedImage[] = [];
  const seeds = seedsOfPictures(request);
  for (const [index, image] of images.entries()) {
    const parameters = parametersOf(image, used, request, signature);
    const bytes = await encodeImage(image, { format, quality, ...(embedParameters && { parameters }) });
    const { width, height } = image;
    encoded.push({ bytes, seed: seeds[index] ?? request.seed, width, height });
  }
  return encoded;
}

/**
 * The longest side of a finished picture that is shown while the others are not finished: enough to judge it, and no replacement for it, since a
 * job that is cancelled now costs nothing.
 */
function shownSide({ width, height }: Pick<DecodedPicture, 'width' | 'height'>): number {
  return Math.min(256, Math.ceil(Math.max(width, height) / 2));
}

function withinSide(picture: DecodedPicture, side: number): DecodedPicture {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  return resizeLanczos(picture, Math.round(picture.width * scale), Math.round(picture.height * scale));
}

function encodePreview(picture: DecodedPicture): Promise<Uint8Array> {
  return encodeImage(picture, { format: 'jpeg', quality: PREVIEW_QUALITY });
}

function parametersOf(
  { seed, variationSeed, ...image }: GeneratedImage,
  { steps, guidanceScale, scheduler, strength, device, arithmetic, loras: used = [] }: GenerateResult['used'],
  request: FilledRequest,
  { modelName, easelVersion }: Signature,
): GenerationParameters {
  const { prompt, negativePrompt } = request;
  // As other tools have it: the size before it was enlarged.
  const { width, height } = request.upscale ? request : image;
  const chosen = (request.loras ?? []).filter(({ weight }) => weight !== 0);
  const loras = chosen.map(({ name, weight = 1 }, index) => ({ name, weight, hash: used[index]?.hash ?? '' }));
  return {
    ...parameterValues({ ...request, strength, device, arithmetic }),
    prompt,
    negativePrompt,
    steps,
    scheduler,
    guidanceScale,
    seed,
    ...(variationSeed !== undefined && { variationSeed: Number(variationSeed) }),
    width,
    height,
    model: modelName,
    easelVersion,
    ...(loras.length > 0 && { loras }),
  };
}

/**
 * An error of the engine as a client is told it. Details about files and processes are for the operator and stay in `cause`. A
 * field keeps the name that it has in our code; the reply replaces it by the name on its surface.
 */
export function engineFailure(thrown: unknown): PaintingFailed {
  const error = toEngineError(thrown);
  const { code, isTold } = answerTo(error.code);
  if (isTold && error.kind === 'invalid') {
    const { message, remedy, details } = error;
    const param = details.param === undefined ? {} : { param: details.param };
    return new PaintingFailed(code, message, { remedy, ...param, isWorthRetrying: false, cause: error });
  }
  const fail = (message: string, remedy: string, isWorthRetrying: boolean) =>
    new PaintingFailed('server_error', `${message}; nothing was charged`, { remedy, isWorthRetrying, cause: error });
  if (error.code === 'picture_not_finite') {
    return fail('the picture contains NaN or infinite values', 'try another seed', false);
  }
  if (error.kind === 'model') return fail('the model could not be run', "the server's log says why", false);
  if (error.code === 'device_unavailable') {
    // Another engine of the model, or another worker, may have its device.
    return fail('the device that this model is to run on is not available', "the server's log says why", true);
  }
  if (error.code === 'device_lost')
    return fail('the graphics card stopped in the middle of the run', 'try again', true);
  if (error.kind === 'resources') {
    return fail('the server had too little memory for this picture', 'try a smaller one', true);
  }
  return fail('the run failed', 'try again', true);
}
