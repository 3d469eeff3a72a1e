import { answerTo } from '@easel/contract';
import { toEngineError } from '@easel/engine';
import { PaintingFailed } from './painter.ts';

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
