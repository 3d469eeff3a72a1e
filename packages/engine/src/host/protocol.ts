import type { PictureSettings } from '@easel/parameters';
import type { DeviceCheck, DeviceInfo } from '../device-info.ts';
import {
  EngineError,
  type EngineErrorCode,
  type EngineErrorDetails,
  isEngineErrorCode,
  toEngineError,
} from '../errors.ts';
import type { DecodedPicture } from '../image/picture.ts';
import type { DeviceChoice } from '../loading/choose-device.ts';
import type {
  GeneratedImage,
  GenerateRequest,
  GenerateResult,
  LoadOptions,
  ModelInfo,
  PictureSize,
  PreviewKind,
  SampleEvent,
  StepEvent,
  Timings,
  TokenCount,
} from '../model.ts';
import type { Profile } from '../profiles.ts';
import { type DeviceName, deviceNames } from '../runtime/devices/device.ts';
import type { ProbeFindings, ProbeStep } from '../runtime/devices/probe-steps.ts';
import { type PassEvent, passKinds } from '../runtime/passes.ts';

/** A child answers one call at a time, so a call ends before the next is sent. */
export type Call = EngineCall | PictureCall;

/** Of the engine. */
export type EngineCall =
  | { readonly type: 'load'; readonly model: string; readonly options: LoadOptions; readonly device: DeviceChoice }
  | { readonly type: 'probe'; readonly device: DeviceName; readonly step: ProbeStep; readonly threads: number }
  | {
      readonly type: 'generate';
      readonly request: GenerateRequest;
      /** Whether there is a listener for the steps. */
      readonly steps: boolean;
      /** Whether there is one for finished pictures. */
      readonly samples?: boolean;
      readonly previewEvery: number | undefined;
      readonly previewBy?: PreviewKind | undefined;
    }
  | { readonly type: 'tokenize'; readonly text: string }
  | { readonly type: 'prepare'; readonly size: PictureSize; readonly profile?: Profile | undefined };

/**
 * Calls to a process that reads pictures. `open` is answered with the picture's size, `settings` with how it was made, `mask` with a PNG file
 * of a mask for it, `fit` with one of the picture. Without a size they are as large as the picture.
 */
export type PictureCall =
  | { readonly type: 'open'; readonly file: Uint8Array; readonly limits: PictureLimits }
  | { readonly type: 'settings' }
  | { readonly type: 'mask'; readonly file: Uint8Array; readonly size: PictureSize | undefined; readonly blur: number }
  | { readonly type: 'fit'; readonly size: PictureSize | undefined };

/** Limits for reading one picture; what exceeds them is rejected. */
export interface PictureLimits {
  /** Over all threads. */
  readonly cpuSeconds: number;
  /** Of the whole process. */
  readonly memoryBytes: number;
}

/** Parent to child. `cancel` names the call to stop; the child sees it between two passes. */
export type ToChild = (Call | { readonly type: 'cancel' }) & { readonly id: number };

/** Child to parent, each naming the call it belongs to. A call ends with one `done` or `failed`. */
export type FromChild = { readonly id: number } & (
  | { readonly type: 'pass'; readonly pass: PassEvent }
  | { readonly type: 'step'; readonly step: StepEvent }
  | { readonly type: 'sample'; readonly sample: SampleEvent }
  | { readonly type: 'notice'; readonly notice: string }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: WireError }
);

/** Checks only the frame: the engine validates the request in it. */
export function isToChild(message: unknown): message is ToChild {
  if (!isRecord(message) || typeof message.id !== 'number') return false;
  switch (message.type) {
    case 'load':
      return typeof message.model === 'string' && isRecord(message.options) && isRecord(message.device);
    case 'probe':
      return allStrings(message.device, message.step) && typeof message.threads === 'number';
    case 'generate':
      return isRecord(message.request) && typeof message.steps === 'boolean';
    case 'tokenize':
      return typeof message.text === 'string';
    case 'open':
      return message.file instanceof Uint8Array && isRecord(message.limits);
    case 'mask':
      if (!(message.file instanceof Uint8Array) || typeof message.blur !== 'number') return false;
      return message.size === undefined || isRecord(message.size);
    case 'fit':
      return message.size === undefined || isRecord(message.size);
    case 'prepare':
      return isRecord(message.size);
    default:
      return message.type === 'cancel' || message.type === 'settings';
  }
}

const pictureCalls: readonly PictureCall['type'][] = ['open', 'settings', 'mask', 'fit'];

/** Whether it is for a process that reads pictures, and not for an engine's. */
export function isPictureCall<Message extends ToChild>(message: Message): message is Message & PictureCall {
  return pictureCalls.some((type) => type === message.type);
}

export function isFromChild(message: unknown): message is FromChild {
  if (!isRecord(message) || typeof message.id !== 'number') return false;
  switch (message.type) {
    case 'pass':
      return isPassEvent(message.pass);
    case 'step':
      return isStepEvent(message.step);
    case 'sample':
      return isSampleEvent(message.sample);
    case 'notice':
      return typeof message.notice === 'string';
    case 'failed':
      return isWireError(message.error);
    default:
      return message.type === 'done';
  }
}

function isPassEvent(value: unknown): value is PassEvent {
  if (!isRecord(value)) return false;
  return passKinds.some((kind) => kind === value.kind) && (value.phase === 'start' || value.phase === 'end');
}

function isStepEvent(value: unknown): value is StepEvent {
  if (!isRecord(value)) return false;
  const numbers = [value.index, value.total, value.sample, value.sigma, value.elapsedMs, value.etaMs];
  return numbers.every((n) => typeof n === 'number') && (value.preview === undefined || isPicture(value.preview));
}

function isSampleEvent(value: unknown): value is SampleEvent {
  return isRecord(value) && typeof value.sample === 'number' && isPicture(value.picture);
}

/** The answer to `load`. */
export function isModelInfo(value: unknown): value is ModelInfo {
  if (
    !isRecord(value) ||
    !isRecord(value.defaults) ||
    !Array.isArray(value.components) ||
    !Array.isArray(value.profiles)
  )
    return false;
  if (!isRecord(value.sizes) || !Array.isArray(value.sizes.trained) || !isDeviceInfo(value.device)) return false;
  const { width, height, steps, guidanceScale, scheduler } = value.defaults;
  return (
    allStrings(value.path, value.layout, value.family, value.configSource, scheduler) &&
    allNumbers(width, height, steps, guidanceScale)
  );
}

function isDeviceInfo(value: unknown): value is DeviceInfo {
  if (!isRecord(value) || !deviceNames.some((name) => name === value.name)) return false;
  const { title, arithmetic, adapter, memoryBytes, reason } = value;
  const told = [adapter, reason].every((text) => text === undefined || typeof text === 'string');
  return told && allStrings(title, arithmetic) && (memoryBytes === undefined || typeof memoryBytes === 'number');
}

/** The answer to `probe`. */
export function isProbeFindings(value: unknown): value is ProbeFindings {
  if (!isRecord(value) || !Array.isArray(value.checks) || !value.checks.every(isDeviceCheck)) return false;
  return value.speed === undefined || (isRecord(value.speed) && allNumbers(value.speed.device, value.speed.cpu));
}

function isDeviceCheck(value: unknown): value is DeviceCheck {
  if (!isRecord(value) || typeof value.name !== 'string' || typeof value.ok !== 'boolean') return false;
  const { error, reason } = value;
  return ['number', 'undefined'].includes(typeof error) && ['string', 'undefined'].includes(typeof reason);
}

/** The answer to `generate`. */
export function isGenerateResult(value: unknown): value is GenerateResult {
  if (!isRecord(value) || !Array.isArray(value.images) || !Array.isArray(value.truncated)) return false;
  return value.images.every(isGeneratedImage) && isRecord(value.used) && isTimings(value.timings);
}

/** The answer to `tokenize`. */
export function isTokenCounts(value: unknown): value is readonly TokenCount[] {
  return Array.isArray(value) && value.every(isTokenCount);
}

/** The answer to `prepare`. */
export function isNothing(value: unknown): value is undefined {
  return value === undefined;
}

function isPicture(value: unknown): value is DecodedPicture {
  if (!isRecord(value) || !(value.data instanceof Uint8Array)) return false;
  const { width, height, data } = value;
  return typeof width === 'number' && typeof height === 'number' && data.length === width * height * 3;
}

/** The answer to `open`. */
export function isPictureSize(value: unknown): value is PictureSize {
  return isRecord(value) && allNumbers(value.width, value.height);
}

/** The answer to `settings`. */
export function isSettings(value: unknown): value is PictureSettings | null {
  if (value === null) return true;
  return isRecord(value) && allStrings(value.source) && isRecord(value.settings) && Array.isArray(value.leftOut);
}

/** The answer to `mask` and `fit`. */
export function isFile(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isGeneratedImage(value: unknown): value is GeneratedImage {
  return isPicture(value) && 'seed' in value && 'timings' in value && isSeed(value.seed) && isTimings(value.timings);
}

function isSeed(value: unknown): value is bigint | null {
  return value === null || typeof value === 'bigint';
}

function isTimings(value: unknown): value is Timings {
  return isRecord(value) && allNumbers(value.encodeMs, value.denoiseMs, value.decodeMs, value.totalMs);
}

function isTokenCount(value: unknown): value is TokenCount {
  return isRecord(value) && allNumbers(value.count, value.limit) && allStrings(value.truncated);
}

function allNumbers(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'number');
}

function allStrings(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

/** An `EngineError` as it crosses the process boundary: the structured clone of an Error would lose its code and details. */
export interface WireError {
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly details: EngineErrorDetails;
  /** The stack in the child, for debugging. */
  readonly stack?: string;
}

/** What the child sends for anything thrown; anything but an `EngineError` becomes `internal`. */
export function toWireError(thrown: unknown): WireError {
  const { code, message, remedy, details, cause, stack } = toEngineError(thrown);
  const origin = cause instanceof Error ? cause.stack : stack;
  return { code, message, remedy, details: { ...details }, ...(origin === undefined ? {} : { stack: origin }) };
}

/** The error that the caller gets: the same code, message, remedy and details, with the child's stack as its cause. */
export function fromWireError(error: WireError): EngineError {
  const { code, message, remedy, details, stack } = error;
  return new EngineError(code, message, {
    remedy,
    details,
    cause: stack === undefined ? undefined : new ChildStack(stack),
  });
}

export function isWireError(value: unknown): value is WireError {
  if (!isRecord(value) || !isRecord(value.details)) return false;
  const { code, message, remedy, stack, details } = value;
  const texts = [stack, details.param, details.file, details.tensor];
  return (
    typeof code === 'string' &&
    isEngineErrorCode(code) &&
    allStrings(message, remedy) &&
    texts.every((text) => text === undefined || typeof text === 'string')
  );
}

class ChildStack extends Error {
  constructor(stack: string) {
    super("thrown in the engine's process");
    this.name = 'ChildStack';
    this.stack = stack;
  }
}

/** Any object, for inspecting a value of unknown type field by field. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
