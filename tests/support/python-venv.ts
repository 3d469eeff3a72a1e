import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitForFileLock } from '../../packages/embedded-postgres/src/file-lock.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.cache/python/', import.meta.url));

/** Why tests in Python 3 cannot run here; undefined when they can. */
export async function reasonWithoutPython(leastMinor = 9): Promise<string | undefined> {
  try {
    await run('python3', ['-c', `import sys, venv, ensurepip; sys.exit(sys.version_info < (3, ${leastMinor}))`]);
    return undefined;
  } catch {
    return `there is no python3 ≥ 3.${leastMinor} with venv on this machine`;
  }
}

/**
 * The python of a virtual environment with these requirements. Made once for each content of the file, by one process while others wait for it,
 * and then kept in the repository's cache folder.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const name = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cache, name);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  await mkdir(cache, { recursive: true });
  const lock = await waitForFileLock(`${folder}.lock`, new AbortController().signal);
  try {
    if (!existsSync(python)) await makeEnvironment(folder, requirements);
  } finally {
    await lock.release();
  }
  return python;
}

/** Under another name until it is whole. Its python runs from anywhere; only the scripts beside it know the old name, and nothing here uses them. */
async function makeEnvironment(folder: string, requirements: string): Promise<void> {
  const scratch = `${folder}.unfinished`;
  await rm(scratch, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', scratch]);
  // Python compiles what is used.
  const quick = ['--quiet', '--disable-pip-version-check', '--no-compile'];
  const install = ['-m', 'pip', 'install', ...quick, '-r', requirements];
  await run(join(scratch, 'bin', 'python'), install, { maxBuffer: 2 ** 26 });
  await rename(scratch, folder);
}
