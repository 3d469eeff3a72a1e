import { homedir } from 'node:os';
import { join } from 'node:path';

/** For small data that can be made again. XDG Base Directory specification. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'easel');
}
