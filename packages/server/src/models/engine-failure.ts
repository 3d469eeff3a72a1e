import type { ErrorCode } from '@easel/contract';
import { toEngineError } from '@easel/engine';
import { PaintingFailed } from './painter.ts';

/**
 * What the domain makes of an error of the engine. What it says of files and processes is the operator's business and stays in
 * `cause`; whoever asked for the picture is told what to do. A field
 * has the name that it has in our code; replies put that of their surface in its place.
 */
export function engineFailure(thrown: unknown): PaintingFailed {
  const error = toEngineError(thrown);
  const fail = (code: ErrorCode, message: string, isWorthRetrying: boolean, param?: string) =>
    new PaintingFailed(code, message, { isWorthRetrying, cause: error, ...(param !== undefined && { param }) });
  if (error.kind === 'invalid') {
    const { param } = error.details;
    return fail('invalid_request', error.message, false, param);
  }
  if (error.code === 'picture_not_finite') {
    const message = 'the picture came out broken (values that are no numbers); nothing was charged; try another seed';
    return fail('server_error', message, false);
  }
  if (error.kind === 'model') {
    const message = "the model could not be run; nothing was charged; the server's log says why";
    return fail('server_error', message, false);
  }
  if (error.kind === 'resources') {
    const message = 'the server had too little memory for this picture; nothing was charged; try a smaller one';
    return fail('server_error', message, true);
  }
  return fail('server_error', 'the run failed; nothing was charged; try again', true);
}
