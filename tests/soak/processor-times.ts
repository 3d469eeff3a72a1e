import { readdir, readFile } from 'node:fs/promises';

/** Seconds of processor time since the start of each. */
export interface ProcessorTimes {
  readonly server: number;
  readonly engine: number;
  readonly database: number;
  /** Of everything else on this machine, the clients of this test among it. */
  readonly other: number;
}

/** Of a process, and of those of its children that have ended and that it has waited for. */
interface Process {
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedTicks: number;
}

/** Clock ticks a second, in which Linux tells processor time to programs: 100 on every platform that Node.js runs on. */
const TICKS = 100;

/** Of a server's process, of its engine and of its database (Linux: /proc; proc(5)). */
export async function sampleProcessorTimes(server: number, postmaster: number): Promise<ProcessorTimes> {
  const processes = await readProcesses();
  const ticksOf = (pid: number) => processes.get(pid)?.ownTicks ?? 0;
  const ofChildren = (pid: number) =>
    [...processes].filter(([, { parent }]) => parent === pid).reduce((sum, [child]) => sum + ticksOf(child), 0);
  const ended = (pid: number) => processes.get(pid)?.endedTicks ?? 0;
  const database = ticksOf(postmaster) + ofChildren(postmaster) + ended(postmaster);
  const engine = ofChildren(server) - ticksOf(postmaster) + ended(server);
  const all = await busyTicks();
  const other = all - ticksOf(server) - engine - database;
  return {
    server: ticksOf(server) / TICKS,
    engine: engine / TICKS,
    database: database / TICKS,
    other: other / TICKS,
  };
}

/** All that run, by their numbers. */
export async function readProcesses(): Promise<Map<number, Process>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = pids.map(async (pid) => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // it has ended
    // The name is in parentheses and may contain anything; the state comes after it.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = Number.NaN] = fields;
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    return [Number(pid), { parent, ownTicks: user + system, endedTicks: endedUser + endedSystem }] as const;
  });
  return new Map((await Promise.all(read)).filter(([, { parent }]) => !Number.isNaN(parent)));
}

/** Of all processors, without what they were idle, waited for a disk, or another machine had them. */
async function busyTicks(): Promise<number> {
  const [first = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = first
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user + nice + system + interrupts + softInterrupts;
}
