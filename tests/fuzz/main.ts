/**
 * Sends damaged input by every way in, for some minutes each, and stops at the first that is not refused or taken as it should be: a
 * status of 500, an error outside the catalogue, a case that takes more than a second, a server that takes too much memory.
 *
 *   npm run test:fuzz -- [MINUTES for each way, default 10] [SEED]
 */
import { randomOf } from '../kill/random.ts';
import { HANG_MS, openTargets, type Target } from './targets.ts';

const minutes = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
console.log(`${minutes} minutes each from seed ${seed}`);
const { targets, close } = await openTargets({ synchronous: true });
try {
  for (const target of targets) await fuzz(target);
} finally {
  await close();
}
console.log('everything was refused or taken as it should be');

async function fuzz({ name, run }: Target): Promise<void> {
  const random = randomOf(seed);
  const results = new Map<string, number>();
  const until = performance.now() + minutes * 60_000;
  let [cases, slowest] = [0, 0];
  while (performance.now() < until) {
    const begun = performance.now();
    const result = await run(random);
    const ms = performance.now() - begun;
    if (ms > HANG_MS && result !== 'accepted') throw new Error(`case ${cases} of ${name} took ${ms.toFixed(0)} ms`);
    if (result !== 'accepted') slowest = Math.max(slowest, ms);
    results.set(result, (results.get(result) ?? 0) + 1);
    cases += 1;
  }
  const counts = [...results].sort(([, a], [, b]) => b - a).map(([result, count]) => `${result} ${count}`);
  console.log(`${name}: ${cases} cases, slowest ${slowest.toFixed(0)} ms: ${counts.join(', ')}`);
}
