import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError } from '@easel/errors';

/** Builds the web page of `web` into `folder`, with the tools of that package. @throws CodedError `page_not_built` with their words */
export async function buildPage(web: string, folder: string, signal: AbortSignal): Promise<void> {
  const vite = join(dirname(createRequire(join(web, 'package.json')).resolve('vite/package.json')), 'bin', 'vite.js');
  const args = [vite, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  const env = { ...withoutSecrets(process.env), NODE_ENV: 'production' };
  try {
    await promisify(execFile)(process.execPath, args, { cwd: web, env, signal });
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new CodedError('page_not_built', `the web page could not be built: ${said.trim()}`, { cause: error });
  }
}

/** The tools that build the page have no use for the server's settings, among which there are keys and passwords. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:EASEL_|DATABASE_URL$|PG)/.test(name)));
}
