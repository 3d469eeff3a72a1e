import { CodedError } from '@easel/errors';
import { expect, test } from 'vitest';
import { stoppedMessage } from './run-cli.ts';

test.each([
  ['generate', 'stopped; nothing was saved'],
  ['model quantize', 'stopped; nothing was saved'],
  ['model inspect', 'stopped'],
  ['device install', 'stopped; nothing was installed'],
  ['device list', 'stopped'],
  ['doctor', 'stopped'],
  ['serve', 'stopped'],
])('a command that is stopped tells what it has not done, if it had to: %s', (command, message) => {
  expect(stoppedMessage(new Error('aborted'), command)).toBe(message);
});

test('a command that has its own words for a stop is not spoken over', () => {
  const thrown = new CodedError('stopped', 'stopped; 2 of 3 prompts are done and saved');
  expect(stoppedMessage(thrown, 'generate')).toBe('stopped; 2 of 3 prompts are done and saved');
});
