import { readFileSync } from 'node:fs';
import type { ExitStatus } from './exit-status.ts';
import type { Interruption } from './interruption.ts';

/** What the command uses of the process it runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** The same for one command that runs. */
export interface CommandContext extends CliContext {
  readonly interruption: Interruption;
}

/** Runs the work of a command; the status it returns becomes that of the process. */
export type RunCommand = (work: (context: CommandContext) => Promise<ExitStatus>) => Promise<void>;

/** The version in the package's own package.json, which is one level above both `src` and `dist`. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}
