import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/job-requests.ts';
import { askedBy } from './asked-request.ts';
import { failureOf } from './wait-for-job.ts';

test.each([
  ['steps', 'api', {}, 'num_inference_steps'],
  ['width', 'segmind', {}, 'img_width'],
  ['width', 'segmind', { width: 64 }, 'width'],
  ['height', 'segmind', { width: 64 }, 'img_height'],
  ['width', 'openai', {}, 'size'],
  ['samples', 'openai', {}, 'n'],
  ['quality', 'openai', {}, 'output_compression'],
  ['image', 'api', {}, 'image'],
  ['num_inference_steps', 'api', {}, 'num_inference_steps'],
] as const)(
  'what the engine calls %s is called for a client of %s that sent %j %s, also after the job was stored',
  (param, surface, body, told) => {
    const { called } = askedBy({ prompt: 'a', ...body }, surface);
    const failure = { code: 'invalid_request', message: `${param} must be smaller`, param } as const;
    const failed = failureOf({ state: 'failed', failure, request: aRequest({ called }) });
    expect(failed).toMatchObject({ message: `${told} must be smaller`, param: told });
  },
);
