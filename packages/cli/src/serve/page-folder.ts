import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicFolder } from '@easel/server';
import { buildPage } from './build-page.ts';
import { hashOfSources } from './hash-of-sources.ts';

const packages = fileURLToPath(new URL('../../..', import.meta.url));
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
 * The folder of the built web page. An installed package has it. In a clone it is built first, in a few seconds, when its sources have
 * changed; each state of the sources has a folder of its own, so that servers of different states do not disturb each other.
 *
 * @returns undefined where the page does not come along
 * @throws CodedError `page_not_built`
 */
export async function pageFolder(signal: AbortSignal): Promise<string | undefined> {
  if (!existsSync(join(packages, 'web', 'src'))) {
    const packed = join(publicFolder, 'page');
    return existsSync(packed) ? packed : undefined;
  }
  const folder = join(publicFolder, await hashOfSources(sources.map((source) => join(packages, source))));
  if (existsSync(folder)) return folder;
  await mkdir(publicFolder, { recursive: true });
  const unfinished = join(publicFolder, `unfinished-${process.pid}`);
  try {
    await buildPage(join(packages, 'web'), unfinished, signal);
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // another server has built the same at the same time
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOld();
  return folder;
}

/** Those of earlier sources, once no server of the same day can be using them. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(publicFolder)) {
    const folder = join(publicFolder, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(folder, { recursive: true, force: true });
  }
}
