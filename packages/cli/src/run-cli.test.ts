import { CodedError } from '@easel/errors';
import { expect, test } from 'vitest';
import { stoppedMessage } from './run-cli.ts';

test.each([
  [['generate', 'a fox'], 'stopped; nothing was saved'],
  [['model', 'quantize', 'demo'], 'stopped; nothing was saved'],
  [['model', 'inspect', 'demo'], 'stopped'],
  [['device', 'install', 'cuda'], 'stopped; nothing was installed'],
  [['device', 'list'], 'stopped'],
  [['doctor', '--json'], 'stopped'],
  [['serve'], 'stopped'],
])('a command that is stopped tells what it has not done, if it had to: %j', (args, message) => {
  expect(stoppedMessage(new Error('aborted'), args)).toBe(message);
});

test('a command that has its own words for a stop is not spoken over', () => {
  const thrown = new CodedError('stopped', 'stopped; 2 of 3 prompts are done and saved');
  expect(stoppedMessage(thrown, ['generate'])).toBe('stopped; 2 of 3 prompts are done and saved');
});
