import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what the files of one run of the tests share, in `TEST_RUN_FOLDER`; removed at its end. */
export default async function makeRunFolder(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-test-run-'));
  await chmod(folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
  process.env.TEST_RUN_FOLDER = folder;
  return () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
