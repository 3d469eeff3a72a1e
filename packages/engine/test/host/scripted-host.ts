import { existsSync, readFileSync } from 'node:fs';
import type { EngineHost, HostOptions } from '../../src/host/engine-host.ts';
import { startHost } from '../../src/host/host.ts';
import type { GenerateOptions } from '../../src/model.ts';
import { type ProbeStep, probeSteps } from '../../src/runtime/devices/probe-steps.ts';

/** The child that does what prompts say. */
export const scriptedChild = new URL('./scripted-child.ts', import.meta.url);

/** A host whose child does what prompts say; `model` is a script as well, run at each load. */
export function startScriptedHost(options: Partial<HostOptions> = {}): Promise<EngineHost> {
  return startHost({ model: 'load', ...options }, scriptedChild);
}

/** Runs a script, and tells the pid of the child that ran it and what its environment says of telemetry. */
export async function runScript(host: EngineHost, prompt: string, options: GenerateOptions = {}) {
  const { truncated } = await host.generate({ prompt }, options);
  const [pid, telemetry] = truncated[0]?.text.split(' ') ?? [];
  return { pid: Number(pid), telemetry };
}

/** Numbers of threads by which the child's probe crashes or hangs at a step. */
export const crashAt = (step: ProbeStep) => 100 + probeSteps.indexOf(step);
export const hangAt = (step: ProbeStep) => 200 + probeSteps.indexOf(step);

/** Whether a process runs. One that ended counts as ended although its parent has not asked for its status yet. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    // proc(5): the state follows the name, which is in parentheses. Without /proc, the system's init asks at once.
    return !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
