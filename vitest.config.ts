import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/longest-first.ts';
import { SummaryReporter } from './tools/summary-reporter.ts';

// What these load again for each file took more time than half of them take: they share processes. The others have one of their own each:
// they measure the memory of their process, load an engine into it, or change its proxies or environment variables.
const ofOwnProcess = [
  'packages/engine/src/host/process-memory.test.ts',
  'packages/engine/test/**/*.test.ts',
  'packages/models/test/{catalogue-engine,proxy}.test.ts',
  'tests/adherence/adherence.test.ts',
  'tests/{devices,embedded-model-reference,extended-canvas,picture-sizes,quality}.test.ts',
  'tests/examples/*.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'own',
          include: ofOwnProcess,
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['packages/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ofOwnProcess],
          isolate: false,
        },
      },
    ],
    globalSetup: 'tools/test-run-folder.ts',
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    execArgv: ['--conditions=@easel/source'],
    // Node.js loads the sources itself, as it does for the product, and keeps what it compiles (NODE_COMPILE_CACHE): no test needs Vite to
    // change them.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Four at least: some tests wait (for an installer, a lease, a child), others compute; with three, two cores were idle for a tenth of the
    // time, and with six the same tests took a fifth more processor time.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    // A hang ends a test, slowness does not: the suite passes on a machine that ten other programs keep busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Exact bytes are promised on the CPU: a test that is about devices names its own.
    env: { EASEL_DEVICE: 'cpu' },
    expect: { poll: { timeout: 300_000 } },
    reporters: ['default', new SummaryReporter()],
    // `npm run coverage`: of the tests beside the sources; see docs/CONTRIBUTING.md.
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.{ts,tsx}'],
      exclude: ['**/*.test.{ts,tsx}', '**/*_pb.ts', '**/*.d.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: 'coverage',
      // What was reached. It falls when code comes without a test beside it, or is moved into a file that none loads.
      thresholds: { statements: 37, branches: 40, functions: 33, lines: 37 },
    },
  },
});
