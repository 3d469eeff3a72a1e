import { readFile } from 'node:fs/promises';

/** In bytes. */
export interface ProcessMemory {
  /** Everything in memory, mapped weights included; those are page cache, which the system reclaims when needed. */
  readonly resident: number;
  /** Memory of this process alone: sessions, activations, the JavaScript heap. */
  readonly anonymous: number;
  /** The peak of the resident memory. */
  readonly peakResident: number;
}

/** Reads it from outside, so it also works for a blocked process. Linux only (proc(5), /proc/pid/status); undefined elsewhere. */
export async function processMemory(pid: number): Promise<ProcessMemory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (field: string) => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  };
  const [resident, anonymous, peakResident] = [bytes('VmRSS'), bytes('RssAnon'), bytes('VmHWM')];
  // A zombie has a status without memory fields.
  if (resident === undefined || anonymous === undefined || peakResident === undefined) return undefined;
  return { resident, anonymous, peakResident };
}
