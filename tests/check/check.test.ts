import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

it('passes the static checks of `npm run check`', { timeout: 600_000 }, () => {
  const check = spawnSync('npm', ['run', 'check'], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(check.status, `${check.stdout}\n${check.stderr}`).toBe(0);
});
