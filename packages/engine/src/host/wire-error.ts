import {
  EngineError,
  type EngineErrorCode,
  type EngineErrorDetails,
  isEngineErrorCode,
  toEngineError,
} from '../errors.ts';
import { isRecord } from './record.ts';

/** An `EngineError` as it crosses the process boundary: the structured clone of an Error would lose its code and details. */
export interface WireError {
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly details: EngineErrorDetails;
  /** The stack in the child, for whoever looks for a fault of ours. */
  readonly stack?: string;
}

/** What the child sends for anything thrown; what is not an `EngineError` becomes `internal`. */
export function toWireError(thrown: unknown): WireError {
  const { code, message, details, cause, stack } = toEngineError(thrown);
  const origin = cause instanceof Error ? cause.stack : stack;
  return { code, message, details: { ...details }, ...(origin === undefined ? {} : { stack: origin }) };
}

/** The error that the caller gets: the same code, message and details, with the child's stack as its cause. */
export function fromWireError(error: WireError): EngineError {
  const { code, message, details, stack } = error;
  return new EngineError(code, message, { details, ...(stack === undefined ? {} : { cause: new ChildStack(stack) }) });
}

export function isWireError(value: unknown): value is WireError {
  if (!isRecord(value) || !isRecord(value.details)) return false;
  const { code, message, stack, details } = value;
  const texts = [stack, details.param, details.file, details.tensor];
  return (
    typeof code === 'string' &&
    isEngineErrorCode(code) &&
    typeof message === 'string' &&
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
