import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const QUIET = 0.3; // processors' worth of other programs' work

/** Waits until other programs, and other guests of the same host, leave the processors alone. */
export async function untilQuiet(): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [before, at] = [await busySeconds(), performance.now()];
    await sleep(1500);
    const share = ((await busySeconds()) - before) / ((performance.now() - at) / 1000);
    if (share <= QUIET) return;
    if (tries % 20 === 0) console.error(`waiting: other programs use ${share.toFixed(1)} processors`);
  }
}

/** Of all processors since the start of the machine: proc(5), /proc/stat, in hundredths of a second. */
async function busySeconds(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}
