import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files of minutes, the longest first, and some that wait most of their time. On a fresh clone Vitest knows no durations, and one of these
 * would begin when all others are done.
 */
const longest = [
  'schemathesis',
  'docs',
  'install',
  'faults',
  'kill',
  'python-clients',
  'remote-cli',
  'start-failures',
  'pack',
  'check',
  'adherence',
  'accessibility',
  'playground',
  'cluster',
  'hub-cache',
  'backup',
  'server-away',
  'work-loop',
  'awaited-jobs',
  'storage-away',
  'worker-death',
];

/** Starts the longest test files first, so that all processors have work until the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const name = /([a-z-]+)\.test\.ts$/.exec(moduleId)?.[1] ?? '';
      const place = longest.indexOf(name);
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
