import type { GenerateRequest, LoadOptions, PictureSize, StepEvent } from '../model.ts';
import { type PassEvent, passKinds } from '../runtime/passes.ts';
import { isRecord } from './record.ts';
import { isPicture } from './replies.ts';
import { isWireError, type WireError } from './wire-error.ts';

/** A child answers one call at a time, so a call ends before the next is sent. */
export type Call = EngineCall | PictureCall;

/** Of the engine. */
export type EngineCall =
  | { readonly type: 'load'; readonly model: string; readonly options: LoadOptions }
  | {
      readonly type: 'generate';
      readonly request: GenerateRequest;
      /** Whether anybody listens to the steps. */
      readonly steps: boolean;
      readonly previewEvery: number | undefined;
    }
  | { readonly type: 'tokenize'; readonly text: string }
  | { readonly type: 'prepare'; readonly size: PictureSize };

/** Of a process that reads pictures. `open` is answered with the picture's size, `fit` with a PNG file. */
export type PictureCall =
  | { readonly type: 'open'; readonly file: Uint8Array; readonly limits: PictureLimits }
  | { readonly type: 'fit'; readonly size: PictureSize };

/** What reading one picture may take; more is refused. */
export interface PictureLimits {
  /** On all threads together. */
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
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: WireError }
);

/** Looks at the frame only: what is in a request is for the engine to judge. */
export function isToChild(message: unknown): message is ToChild {
  if (!isRecord(message) || typeof message.id !== 'number') return false;
  switch (message.type) {
    case 'load':
      return typeof message.model === 'string' && isRecord(message.options);
    case 'generate':
      return isRecord(message.request) && typeof message.steps === 'boolean';
    case 'tokenize':
      return typeof message.text === 'string';
    case 'open':
      return message.file instanceof Uint8Array && isRecord(message.limits);
    case 'prepare':
    case 'fit':
      return isRecord(message.size);
    default:
      return message.type === 'cancel';
  }
}

export function isFromChild(message: unknown): message is FromChild {
  if (!isRecord(message) || typeof message.id !== 'number') return false;
  switch (message.type) {
    case 'pass':
      return isPassEvent(message.pass);
    case 'step':
      return isStepEvent(message.step);
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
