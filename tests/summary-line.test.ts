import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '..');

/** The last line that `vitest run` prints, on either stream, for a project of the given test files. */
function lastLine(project: string, files: Record<string, string>): { line: string; status: number | null } {
  for (const [name, source] of Object.entries(files)) writeFileSync(join(project, name), source);
  const run = spawnSync(
    'sh',
    ['-c', '"$0" "$1" run --root . 2>&1', process.execPath, join(repository, 'node_modules/vitest/vitest.mjs')],
    { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { line: run.stdout.split('\n').at(-2) ?? '', status: run.status };
}

describe('the last line of a test run', () => {
  let project = '';

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'easel summary '));
    mkdirSync(join(project, 'tools'));
    symlinkSync(join(repository, 'tools/summary-reporter.ts'), join(project, 'tools/summary-reporter.ts'));
    symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
    writeFileSync(
      join(project, 'vitest.config.ts'),
      `import { SummaryReporter } from './tools/summary-reporter.ts';
       export default { test: { reporters: ['default', new SummaryReporter()] } };`,
    );
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('counts what passed and failed', () => {
    const { line, status } = lastLine(project, {
      'good.test.ts': `import { expect, it } from 'vitest'; it('a', () => expect(1).toBe(1)); it('b', () => {});`,
    });
    expect(line).toBe('2 passed, 0 failed');
    expect(status).toBe(0);
  });

  it('counts skipped tests, broken files, broken hooks and stray rejections', () => {
    const { line, status } = lastLine(project, {
      'mixed.test.ts': `import { expect, it } from 'vitest';
        it('passes', () => {}); it('fails', () => expect(1).toBe(2)); it('skips', (test) => test.skip('no network'));`,
      'broken-file.test.ts': `throw new Error('does not load');`,
      'broken-hook.test.ts': `import { beforeAll, describe, it } from 'vitest';
        describe('x', () => { beforeAll(() => { throw new Error('no'); }); it('never runs', () => {}); });`,
      'stray.test.ts': `import { it } from 'vitest';
        it('passes', async () => { void Promise.reject(new Error('stray')); await new Promise((done) => setTimeout(done, 50)); });`,
    });
    expect(line).toBe('2 passed, 4 failed, 2 skipped');
    expect(status).toBe(1);
  });
});
