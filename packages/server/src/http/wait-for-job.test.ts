import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/job-requests.ts';
import type { JobSurface } from '../jobs/jobs-port.ts';
import { failureOf } from './wait-for-job.ts';

/** What the engine says of a field, as it is kept with the job. */
function failureAbout(param: string, surface: JobSurface, called = {}) {
  const failure = { code: 'invalid_request', message: `${param} must be smaller`, param } as const;
  return failureOf({ state: 'failed', failure, surface, request: aRequest({ called }) });
}

test.each([
  ['steps', 'api', {}, 'num_inference_steps'],
  ['width', 'segmind-v1', {}, 'img_width'],
  ['width', 'segmind-v1', { width: 'width' }, 'width'],
  ['height', 'segmind-v2', { width: 'width' }, 'img_height'],
  ['width', 'openai', {}, 'size'],
  ['samples', 'openai', {}, 'n'],
  ['quality', 'openai', {}, 'output_compression'],
  ['image', 'api', {}, 'image'],
  ['num_inference_steps', 'api', {}, 'num_inference_steps'],
] as const)(
  'what the engine calls %s is called for a client of %s with the names %j %s',
  (param, surface, called, told) => {
    expect(failureAbout(param, surface, called)).toMatchObject({ message: `${told} must be smaller`, param: told });
  },
);
