import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { pythonWith, reasonWithoutPython } from './support/python-venv.ts';

const builder = fileURLToPath(new URL('../tools/demo-model', import.meta.url));
const reason = await reasonWithoutPython(11);

describe.skipIf(reason !== undefined)(
  `the embedded model's builder${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    test('draws what its captions say', async () => {
      const python = await pythonWith(`${builder}/requirements-test.txt`);
      // -B: nothing is left behind in the repository.
      const { stderr } = await promisify(execFile)(python, ['-B', '-m', 'unittest', 'discover', '-s', 'tests'], {
        cwd: builder,
      });
      expect(stderr).toMatch(/Ran \d\d tests in .*\n\nOK\n$/);
    }, 600_000);
  },
);
