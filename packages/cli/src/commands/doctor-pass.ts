import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type {
  EngineHost,
  MemoryEstimate,
  PictureEstimate,
  PictureParts,
  PictureSize,
  PrecisionSpeeds,
} from '@easel/engine';
import type { CommandContext } from '../cli-context.ts';
import { showProgress } from '../progress.ts';
import { formatBytes, formatDuration } from '../text.ts';
import { busyText, type ProfileName, type Told } from './doctor-compute.ts';

/** What is measured: `fast` runs the passes of `int8`, fewer of them. */
type MeasuredProfile = 'exact' | 'int8';

/** The parts of a picture as they were measured, in milliseconds; the step is the last of few, when everything is in memory. */
interface MeasuredParts {
  readonly encodeMs: number;
  readonly stepMs: number;
  /** Of a step, what does not grow with the picture, such as widening weights of half precision; absent: nothing. */
  readonly fixedMs?: number;
  readonly decodeMs: number;
}

interface MeasuredModel {
  /** Of the pictures that were drawn for it. */
  readonly size: PictureSize;
  readonly parts: Readonly<Partial<Record<MeasuredProfile, MeasuredParts>>>;
}

/** So long, by the estimate, a picture of two steps may take in `exact`; else a smaller one is drawn. */
const MAX_SECONDS = 40;
/** The networks halve the latents twice. */
const SIDE_STEP = 32;
const MIN_SIDE = 128;

/**
 * The size to measure at: the native one, or half or a quarter of it where that would take long.
 *
 * @param estimateOf of a picture of that size
 */
export async function sizeToMeasure(
  native: PictureEstimate,
  estimateOf: (size: PictureSize) => Promise<PictureEstimate>,
): Promise<PictureEstimate> {
  let chosen = native;
  for (const divisor of [2, 4]) {
    const { texts, step, decode } = chosen.parts.exact;
    const size = { width: native.width / divisor, height: native.height / divisor };
    const canBeSmaller = [size.width, size.height].every((side) => side >= MIN_SIDE && side % SIDE_STEP === 0);
    if (texts + 2 * step + decode <= MAX_SECONDS || !canBeSmaller) break;
    chosen = await estimateOf(size);
  }
  return chosen;
}

/** Draws a picture of two steps, or twice one of a single step where the model has no more. */
async function measureProfile(
  host: EngineHost,
  profile: MeasuredProfile,
  { width, height }: PictureSize,
  signal: AbortSignal,
): Promise<MeasuredParts> {
  const { min, max } = host.info.limits.steps;
  const steps = Math.max(min, Math.min(2, max));
  const elapsed: number[] = [];
  const request = { prompt: 'a red apple on a blue background', seed: 1, profile, width, height, steps };
  const draw = () => host.generate(request, { signal, onStep: ({ elapsedMs }) => elapsed.push(elapsedMs) });
  const first = await draw();
  const { timings } = steps === 1 ? await draw() : first;
  const lastMs = (elapsed.at(-1) ?? 0) - (elapsed.at(-2) ?? 0);
  return {
    encodeMs: timings.encodeMs,
    stepMs: steps === 1 ? timings.denoiseMs : lastMs,
    decodeMs: timings.decodeMs,
  };
}

/**
 * Of a step, what does not grow with the picture, from two sizes: time is taken as a + b · arithmetic.
 *
 * @param stepMs of both, the smaller first
 * @param arithmetic of a step of both
 */
export function fixedPart(stepMs: readonly [number, number], arithmetic: readonly [number, number]): number {
  const [smaller, larger] = stepMs;
  const [less, more] = arithmetic;
  const fixed = (smaller * more - larger * less) / (more - less);
  return Math.max(0, Math.min(smaller, fixed));
}

/** A step at the native size: what was measured, and of what grows with the picture as many times as much as its arithmetic is more. */
function nativeStepMs({ stepMs, fixedMs = 0 }: MeasuredParts, native: PictureParts, own: PictureParts): number {
  return fixedMs + (stepMs - fixedMs) * (native.step / own.step);
}

/** Times by profile. */
interface PictureTimes {
  readonly ms: Readonly<Record<ProfileName, number>>;
  /** Of a step at the native size. */
  readonly stepMs: Readonly<Record<ProfileName, number>>;
  /** Whether `int8` was measured; else its times are estimated, as much off as `exact` is. */
  readonly isInt8Measured: boolean;
}

/** @param own estimate at the size that was measured */
export function pictureTimes({ parts }: MeasuredModel, native: PictureEstimate, own: PictureEstimate): PictureTimes {
  const { exact, int8 } = parts;
  const timesOf = (profile: ProfileName) => {
    const precision = profile === 'exact' ? 'exact' : 'int8';
    const measured = precision === 'exact' ? exact : int8;
    if (measured !== undefined) {
      const stepMs = nativeStepMs(measured, native.parts[precision], own.parts[precision]);
      const steps = native.parts[profile].steps / native.parts[precision].step; // as many as the profile's passes are
      const decode = native.parts[precision].decode / own.parts[precision].decode;
      return { ms: measured.encodeMs + stepMs * steps + measured.decodeMs * decode, stepMs };
    }
    const other = exact === undefined ? 'int8' : 'exact';
    const step = parts[other] && nativeStepMs(parts[other], native.parts[other], own.parts[other]);
    const off = step === undefined ? 1000 : step / native.parts[other].step;
    return { ms: native.seconds[profile] * off, stepMs: native.parts[precision].step * off };
  };
  const [ofExact, ofInt8, ofFast] = [timesOf('exact'), timesOf('int8'), timesOf('fast')];
  return {
    ms: { exact: ofExact.ms, int8: ofInt8.ms, fast: ofFast.ms },
    stepMs: { exact: ofExact.stepMs, int8: ofInt8.stepMs, fast: ofFast.stepMs },
    isInt8Measured: int8 !== undefined,
  };
}

interface Conditions {
  readonly model: string;
  readonly native: PictureEstimate;
  readonly measured: MeasuredModel;
  readonly device: { readonly name: string; readonly title: string };
  /** Of other programs, where it matters. */
  readonly load?: number | undefined;
}

/** The time of a picture in each profile. */
export function tellTimes(
  { model, native, measured, device, load }: Conditions,
  { ms, stepMs, isInt8Measured }: PictureTimes,
): Told {
  const { width, height, steps } = native;
  const { size, parts } = measured;
  const isScaled = size.width !== width || size.height !== height;
  const onCard = device.name !== 'cpu';
  const names: readonly ProfileName[] = onCard ? ['exact'] : ['exact', 'int8', 'fast'];
  const times = names.map((name) => {
    const lessCertain = name === 'exact' ? parts.exact === undefined : !isInt8Measured;
    const kind = lessCertain ? ' by estimate' : '';
    return `${name} about ${formatDuration(ms[name])}${name === 'fast' ? ' or less' : ''} (${formatDuration(stepMs[name])} a step${kind})`;
  });
  const how = isScaled
    ? `measured at ${size.width}×${size.height} and half of that, and scaled by the arithmetic of its networks`
    : 'measured at this size';
  return {
    detail: `${model} on ${device.title} (${device.name}), ${width}×${height}, ${steps} steps: ${times.join(', ')}; ${how}${busyText(load)}`,
    values: {
      ...{ device: device.name, width, height, steps, measuredWidth: size.width, measuredHeight: size.height },
      ...Object.fromEntries(
        names.flatMap((name) => [
          [`${name}Ms`, Math.round(ms[name])],
          [`${name}StepMs`, Math.round(stepMs[name])],
        ]),
      ),
      measured: Object.keys(parts).join(', '),
      ...(load !== undefined && { load }),
    },
  };
}

/** From this part of a picture on, the decoder is worth replacing. */
const LARGE_DECODE_SHARE = 0.25;
/** From so many on, a model of few steps is several times as fast. */
const MANY_STEPS = 12;

/** What would make pictures faster. @param free where a file of `easel model quantize` would be written */
export function tellFaster(
  { model, native, measured, device }: Conditions,
  { ms, isInt8Measured }: PictureTimes,
  { weights, freeBytes }: { readonly weights: number; readonly freeBytes: number | undefined },
): Told {
  const onCard = device.name !== 'cpu';
  const times = (profile: ProfileName) => `${(ms.exact / ms[profile]).toFixed(1)} × as fast as exact`;
  const space = freeBytes === undefined ? '' : `, ${formatBytes(freeBytes)} are free`;
  const quantize = `easel model quantize ${model} (a file of about ${formatBytes(weights)}${space}) for int8 and fast`;
  const precision = isInt8Measured
    ? `--profile int8 is ${times('int8')}, --profile fast ${times('fast')}`
    : `${quantize}, by estimate ${(ms.exact / ms.int8).toFixed(1)} and ${(ms.exact / ms.fast).toFixed(1)} × as fast`;
  const { exact, int8 } = measured.parts;
  const { step, decode, steps } = native.parts.fast;
  const decodeShare = decode / (decode + steps);
  const advice = [
    ...(onCard || (exact === undefined && int8 === undefined) ? [] : [precision]),
    ...(decodeShare >= LARGE_DECODE_SHARE
      ? [`--taesd FILE: the VAE's decoder takes ${Math.round(100 * decodeShare)} % of a picture in fast`]
      : []),
    ...(native.steps >= MANY_STEPS && step > 0
      ? ['fewer --steps, or a model made for few (easel list --available)']
      : []),
    ...(onCard ? [] : ['a graphics card (easel device list)']),
  ];
  return { detail: advice.join('; '), values: { decodeShare: Number(decodeShare.toFixed(2)) } };
}

/** Free space where the file of `easel model quantize` would be written. */
function freeBeside(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return undefined; // it is a remark only
  }
}

export interface ModelToMeasure {
  readonly model: string;
  readonly native: PictureEstimate;
  readonly speeds: PrecisionSpeeds | undefined;
  readonly memory: MemoryEstimate | undefined;
  readonly load: number | undefined;
}

/** What was measured of a model, and by it the time of a picture and the gain of int8. */
export interface MeasuredPicture {
  readonly times: Told;
  readonly faster: Told;
  readonly seconds: PictureEstimate['seconds'];
  /** Absent: only one precision was measured. */
  readonly gain?: number;
}

/**
 * Loads the model as `easel generate` does, and measures a pass in each precision that it has and the memory allows.
 *
 * @returns undefined where the memory allows none
 */
export async function measureModel(
  { model, native, speeds, memory, load }: ModelToMeasure,
  flags: { readonly json?: boolean },
  context: CommandContext,
): Promise<MeasuredPicture | undefined> {
  const { env, interruption } = context;
  const { signal } = interruption;
  const [engine, { resolveModel }] = await Promise.all([import('@easel/engine'), import('@easel/models')]);
  const path = resolveModel(model, env);
  const setting = engine.parseMemory(env.EASEL_MEMORY || 'auto');
  const progress = showProgress(flags, context);
  progress.begin(`loading ${model}`);
  let host: EngineHost | undefined;
  const stop = () => void host?.close();
  signal.addEventListener('abort', stop);
  try {
    host = await engine.createEngineHost({ model: path, load: { memory: setting }, signal });
    const { device, profiles, components } = host.info;
    const isCpu = device.name === 'cpu';
    const estimateOf = (size: PictureSize) =>
      speeds === undefined ? Promise.resolve(native) : engine.estimatePicture(path, speeds, size);
    const own = isCpu ? await sizeToMeasure(native, estimateOf) : native;
    const parts: { exact?: MeasuredParts; int8?: MeasuredParts } = {};
    for (const profile of ['exact', 'int8'] as const) {
      const isPossible = isCpu ? memory?.[profile].outcome !== 'fails' : profile === 'exact';
      if (!profiles.includes(profile) || !isPossible) continue;
      progress.begin(`measuring a pass in ${profile} at ${own.width}×${own.height}`);
      const measured = await measureProfile(host, profile, own, signal);
      parts[profile] = measured;
      if (own === native) continue;
      const half = { width: own.width / 2, height: own.height / 2 };
      const smaller = await measureProfile(host, profile, half, signal);
      const arithmetic = (await estimateOf(half)).parts[profile].step;
      const fixedMs = fixedPart([smaller.stepMs, measured.stepMs], [arithmetic, own.parts[profile].step]);
      parts[profile] = { ...measured, fixedMs };
    }
    if (parts.exact === undefined && parts.int8 === undefined) return undefined;
    const conditions = { model, native, device, load, measured: { size: own, parts } };
    const times = pictureTimes(conditions.measured, native, own);
    const weights = components.reduce((sum, { parameters }) => sum + parameters, 0);
    const { exact, int8, fast } = times.ms;
    return {
      times: tellTimes(conditions, times),
      faster: tellFaster(conditions, times, { weights, freeBytes: freeBeside(path) }),
      seconds: { exact: exact / 1000, int8: int8 / 1000, fast: fast / 1000 },
      ...(parts.exact && parts.int8 && { gain: exact / int8 }),
    };
  } finally {
    progress.end();
    signal.removeEventListener('abort', stop);
    await host?.close();
  }
}
