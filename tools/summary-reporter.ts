import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends the output of a test run with one line that a machine can read: `12 passed, 0 failed` or `12 passed, 0 failed, 3 skipped`.
 * Before it stands the reason of every skipped test that gives one.
 */
export class SummaryReporter implements Reporter {
  #lines: string[] = [];

  constructor() {
    // Vitest still prints after the last reporter event (a summary, a slow close); at the exit of the process nothing can follow.
    process.once('exit', () => process.stdout.write(this.#lines.map((line) => `${line}\n`).join('')));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    const skipped: string[] = [];
    for (const module of modules) {
      failed += brokenSuites(module);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'skipped')
          skipped.push(result.note ? `skipped: ${test.fullName}: ${result.note}` : '');
        else failed += 1; // a test that never ran to its end proves nothing
      }
    }
    const summary = `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
    this.#lines = [...skipped.filter((line) => line !== ''), summary];
  }
}

/** Files that do not load and hooks that throw have no failed test of their own, yet the run has failed. */
function brokenSuites(module: TestModule): number {
  const suites = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}
