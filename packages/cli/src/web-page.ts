import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CodedError } from '@easel/errors';

const packages = fileURLToPath(new URL('../..', import.meta.url));
const DAY_MS = 24 * 60 * 60 * 1000;

/** What the page is built from. */
const sources = [
  'web/src',
  'web/index.html',
  'web/vite.config.ts',
  'web/package.json',
  'client/src',
  'contract/src',
  'parameters/src',
];

/**
 * Finds the folder of the built web page, in `publicFolder`. An installed package has it. In a clone it is built first, in a few seconds,
 * when its sources have changed; each version of the sources has a folder of its own, so that servers of different versions do not
 * disturb each other.
 *
 * @returns undefined where the page is not part of the installation
 * @throws CodedError `page_not_built`
 */
export async function findPage(publicFolder: string, signal: AbortSignal): Promise<string | undefined> {
  if (!existsSync(join(packages, 'web', 'src'))) {
    const packed = join(publicFolder, 'page');
    return existsSync(packed) ? packed : undefined;
  }
  const folder = join(publicFolder, await hashSources(sources.map((source) => join(packages, source))));
  if (existsSync(folder)) return folder;
  await mkdir(publicFolder, { recursive: true });
  const unfinished = join(publicFolder, `unfinished-${process.pid}`);
  try {
    await buildPage(join(packages, 'web'), unfinished, signal);
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // another server has built the same page in the meantime
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOld(publicFolder);
  return folder;
}

/** Removes the pages of earlier sources that are older than a day, so that no running server should need them. */
async function removeOld(publicFolder: string): Promise<void> {
  for (const name of await readdir(publicFolder)) {
    const folder = join(publicFolder, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** Hashes the content of files and folders, whatever their times are; test files are left out. */
export async function hashSources(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await listFiles(path))
      hash
        .update(relative(path, file))
        .update('\0')
        .update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function listFiles(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** Builds the web page of the package `web` into `folder` with Vite. @throws CodedError `page_not_built` with Vite's message */
export async function buildPage(web: string, folder: string, signal: AbortSignal): Promise<void> {
  const vite = join(dirname(createRequire(join(web, 'package.json')).resolve('vite/package.json')), 'bin', 'vite.js');
  const args = [vite, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  const env = { ...withoutSecrets(process.env), NODE_ENV: 'production' };
  try {
    await promisify(execFile)(process.execPath, args, { cwd: web, env, signal });
  } catch (error) {
    signal.throwIfAborted();
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new CodedError('page_not_built', `the web page could not be built: ${output.trim()}`, { cause: error });
  }
}

/** The build does not need the server's settings, which include keys and passwords. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:EASEL_|DATABASE_URL$|PG)/.test(name)));
}
