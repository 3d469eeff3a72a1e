import { type LoadOptions, loadFields } from '../model.ts';
import { requireFields, withoutNull } from '../pipeline/checked-request.ts';
import {
  invalid,
  requireArray,
  requireBoolean,
  requireChoice,
  requireNumber,
  requireObject,
  requireText,
} from '../pipeline/limits.ts';

const MOST_THREADS = 256;

/** Names of files and folders. */
const paths = ['int8File', 'config', 'unet', 'vae', 'tinyDecoder', 'upscaler', 'cacheDir'] as const;

/**
 * Checks what does not depend on the model: a program without types might give anything, which would be ignored or fail far from here.
 *
 * @returns the options without what is null or undefined: both are as good as absent
 * @throws EngineError `invalid_request`
 */
export function checkedLoadOptions(given: LoadOptions): LoadOptions {
  requireObject('options', given);
  requireFields('', given, loadFields);
  const options: LoadOptions = withoutNull(given);
  const { threads = 1, weights = 'auto', variant = 'fp16', memoryShare = 1, expectedLoras = [], textCache } = options;
  requireNumber('threads', threads, { min: 1, max: MOST_THREADS, whole: true });
  requireChoice('weights', weights, ['auto', 'mapped', 'resident']);
  requireChoice('variant', variant, ['fp16', 'fp32']);
  requireNumber('memoryShare', memoryShare, { min: 0, max: 1 });
  requireBoolean('textCache', textCache);
  requireArray('expectedLoras', expectedLoras);
  for (const [index, file] of expectedLoras.entries()) requireText(`expectedLoras[${index}]`, file);
  for (const name of paths) {
    const path = options[name];
    if (path !== undefined && requireText(name, path) === '') throw invalid(name, `${name} must not be empty`);
  }
  return options;
}
