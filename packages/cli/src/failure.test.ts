import { EaselConnectionError, EaselError, EaselJobError } from '@easel/client';
import { EngineError } from '@easel/engine';
import { expect, test } from 'vitest';
import { failureAsJson, toFailure } from './failure.ts';

test('what a server refuses ends with its code, the field at fault and the request', () => {
  const refusal = new EaselError('no', { status: 400, code: 'invalid_request', param: 'samples', requestId: 'r1' });
  expect(failureAsJson(toFailure(refusal))).toEqual({
    error: { code: 'invalid_request', message: 'no', param: 'samples', requestId: 'r1', exitStatus: 5 },
  });
});

test.each([
  ['img_width', 'img_width must be at most 256 (got 512)', '--width must be at most 256 (got 512)'],
  ['num_inference_steps', 'num_inference_steps must be at most 100', '--steps must be at most 100'],
  ['guidance_scale', 'guidance_scale must be at most 25', '--guidance-scale must be at most 25'],
  ['image', 'image cannot be read: it is damaged', '--image cannot be read: it is damaged'],
  ['prompt', 'prompt must be shorter', 'the prompt must be shorter'],
  ['model', 'there is no model "x" here', 'there is no model "x" here'],
  ['loras', 'loras[0].name must be a LoRA of the model', '--lora must be a LoRA of the model'],
  ['loras', 'loras[1]: ink was trained on SDXL', '--lora: ink was trained on SDXL'],
  ['upscale', 'upscale must make a smaller picture', '--upscale must make a smaller picture'],
])('what a server says of %s names the option of `generate`', (param, said, shown) => {
  const refusal = new EaselError(said, { status: 400, code: 'invalid_request', param });
  expect(toFailure(refusal, 'generate')).toMatchObject({ message: shown, details: { param } });
  expect(toFailure(refusal, 'keys')).toMatchObject({ message: said });
});

test('what the engine refuses is told by the name of the option', () => {
  const told = (param: string, said: string, command?: string) =>
    toFailure(new EngineError('invalid_request', said, { details: { param } }), command).message;
  expect(told('guidanceScale', 'guidanceScale must be at most 25', 'generate')).toBe(
    '--guidance-scale must be at most 25',
  );
  expect(told('loras[0].weight', 'loras[0].weight must be at most 4', 'generate')).toBe('--lora must be at most 4');
  expect(told('upscale', 'upscale 4 would make a picture', 'upscale')).toBe('--by 4 would make a picture');
  expect(told('image', 'the image cannot be read', 'generate')).toBe('the image cannot be read');
  expect(told('steps', 'steps must be at most 50')).toBe('steps must be at most 50');
});

test('what a server says of a picture to enlarge names the options of `upscale`', () => {
  const told = (param: string, said: string) =>
    toFailure(new EaselError(said, { status: 400, code: 'invalid_request', param }), 'upscale').message;
  expect(told('upscale', 'upscale must make a smaller picture')).toBe('--by must make a smaller picture');
  expect(told('num_inference_steps', 'num_inference_steps must be at most 50')).toBe('--steps must be at most 50');
});

test('what a server failed at can be found in its log', () => {
  const failure = toFailure(new EaselError('no', { status: 500, code: 'server_error', requestId: 'r1' }));
  expect(failure).toMatchObject({ remedy: "the server's log has more, under r1", exitStatus: 5 });
  const remedy = 'retry the request; the server log has the details under request ID r1';
  const told = toFailure(new EaselError('no', { status: 500, code: 'server_error', requestId: 'r1', remedy }));
  expect(told.remedy).toBe(remedy);
});

test('a server that is gone and a job that failed end with the same status', () => {
  expect(toFailure(new EaselConnectionError('http://a', undefined))).toMatchObject({
    code: 'server_unreachable',
    exitStatus: 5,
  });
  expect(toFailure(new EaselJobError('j1', { code: 'cancelled', message: 'cancelled' }))).toEqual({
    code: 'cancelled',
    message: 'cancelled',
    exitStatus: 5,
  });
});
