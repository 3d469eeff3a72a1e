import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tools/summary-reporter.ts';

// vitest resolves imports itself and must be told of the condition under which a workspace package is its sources.
const conditions = ['@easel/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--conditions=@easel/source'],
    // Two at least: some tests wait (for an installer, for a child), others compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Of `expect.poll`: what is waited for comes when a busy machine gets to it.
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', new SummaryReporter()],
  },
});
