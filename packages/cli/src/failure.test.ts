import { EaselConnectionError, EaselError, EaselJobError } from '@easel/client';
import { expect, test } from 'vitest';
import { failureAsJson, toFailure } from './failure.ts';

test('what a server refuses ends with its code, the field at fault and the request', () => {
  const refusal = new EaselError('no', { status: 400, code: 'invalid_request', param: 'samples', requestId: 'r1' });
  expect(failureAsJson(toFailure(refusal))).toEqual({
    error: { code: 'invalid_request', message: 'no', param: 'samples', requestId: 'r1', exitStatus: 5 },
  });
});

test('what a server failed at can be found in its log', () => {
  const failure = toFailure(new EaselError('no', { status: 500, code: 'server_error', requestId: 'r1' }));
  expect(failure).toMatchObject({ hint: "the server's log has more, under r1", exitStatus: 5 });
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
