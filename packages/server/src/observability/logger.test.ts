import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

test('a key never reaches the log, wherever it stands in what is logged', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger('info', sink);
  const secret = 'SG_0123456789abcdef';
  log.info({ key: secret }, 'made');
  log.info(
    { request: { headers: { 'x-api-key': secret, authorization: `Bearer ${secret}`, cookie: secret } } },
    'asked',
  );
  log.debug('not at this level');
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toContain(secret);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'made', key: '(hidden)' });
});

test('what PostgreSQL quotes of the input of a failed query never reaches the log', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const prompt = 'a secret garden';
  const quotes = {
    code: '22P02',
    detail: prompt,
    where: `JSON data, line 1: {"prompt":"${prompt}"`,
    internalQuery: prompt,
  };
  createLogger('info', sink).error(
    { err: Object.assign(new Error('invalid input syntax for type json'), quotes) },
    'failed',
  );
  expect(lines.join('')).not.toContain(prompt);
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
    code: '22P02',
    message: 'invalid input syntax for type json',
  });
});
