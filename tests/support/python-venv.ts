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
 * The python of a virtual environment with these requirements. Made once for each content of the file, and then kept in the repository's cache
 * folder.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const text = await readFile(requirements);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return environment(name, async (folder) => {
    const pip = await environment('pip', (place) => run('python3', ['-m', 'venv', place]));
    await run('python3', ['-m', 'venv', '--without-pip', folder]);
    // Python compiles what is used.
    const quick = ['--quiet', '--disable-pip-version-check', '--no-compile'];
    const into = ['-m', 'pip', '--python', pythonOf(folder), 'install', ...quick, '-r', requirements];
    await run(pip, into, { maxBuffer: 2 ** 26 });
  });
}

/**
 * The python of the environment of this name. One process makes it while others wait, under another name until it is whole. Its python runs
 * from anywhere; only the scripts beside it know the old name, and nothing here uses them.
 */
async function environment(name: string, make: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return pythonOf(folder);
  await mkdir(cache, { recursive: true });
  const lock = await waitForFileLock(`${folder}.lock`, new AbortController().signal);
  try {
    if (existsSync(folder)) return pythonOf(folder);
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await make(unfinished);
    await rename(unfinished, folder);
  } finally {
    await lock.release();
  }
  return pythonOf(folder);
}

function pythonOf(folder: string): string {
  return join(folder, 'bin', 'python');
}
