import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkFolder } from '../output/check-folder.ts';
import { type Finding, failed, well } from './finding.ts';

/** Where the engine keeps small data that it can make again (its `cacheDir`). */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'easel');
}

export function checkCache(folder: string): Finding {
  try {
    mkdirSync(folder, { recursive: true });
    checkFolder(folder);
    return well('cache', `${folder} can be written`);
  } catch (error) {
    return failed('cache', error, 'set XDG_CACHE_HOME to a folder that can be written');
  }
}

export function checkOutput(folder: string): Finding {
  try {
    checkFolder(folder);
    return well('output', `${folder} can be written`);
  } catch (error) {
    return failed('output', error, 'pictures are saved in the current folder unless --output names another');
  }
}
