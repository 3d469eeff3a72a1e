import { defaultCacheFolder } from '@easel/engine';
import type { CliContext } from '../cli-context.ts';
import type { DoctorFlags } from '../commands/doctor.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { readVersion } from '../version.ts';
import { checkEngine } from './check-engine.ts';
import { checkCache, checkOutput } from './check-folders.ts';
import { checkDisk, checkMemory, checkNode, checkProcessor } from './check-machine.ts';
import { type Finding, renderFinding } from './finding.ts';

/** `easel doctor`: everything that pictures need here, ending with a picture. */
export async function runDoctor(
  flags: DoctorFlags,
  { env, stdout }: CliContext,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const findings: Finding[] = [];
  const tell = (...found: Finding[]) => {
    findings.push(...found);
    if (!flags.json) stdout.write(found.map(renderFinding).join(''));
  };
  const here = process.cwd();
  tell(
    checkNode(),
    checkProcessor(),
    checkMemory(),
    checkDisk(here),
    checkOutput(here),
    checkCache(defaultCacheFolder(env)),
  );
  tell(...(await checkEngine(env, signal)));
  signal.throwIfAborted();
  const ok = findings.every((finding) => finding.ok);
  if (flags.json) stdout.write(`${JSON.stringify({ ok, version: readVersion(), findings }, null, 2)}\n`);
  return ok ? exitStatus.ok : exitStatus.failed;
}
