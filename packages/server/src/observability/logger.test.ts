import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

/** A logger and the lines that it has written. */
function logger() {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, log: createLogger('info', sink) };
}

test('of an error of the database its words are logged, and not the row that it quotes, however deep it stands', () => {
  const { lines, log } = logger();
  const quoting = { code: '22P02', detail: 'a secret prompt', where: 'JSON data, line 1: {"prompt":"a secret prompt"' };
  const cause = Object.assign(new Error('invalid input syntax for type json'), quoting);
  log.error({ err: new Error('the job could not be written', { cause }) }, 'failed');
  expect(lines.join('')).not.toContain('secret prompt');
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
    message: 'the job could not be written',
    stack: expect.stringContaining('logger.test.ts'),
    cause: { message: 'invalid input syntax for type json', code: '22P02' },
  });
});

test('a key never reaches the log, wherever it stands in what is logged', () => {
  const { lines, log } = logger();
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
