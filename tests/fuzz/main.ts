/**
 * Sends damaged input by every way in, for some minutes each, and stops at the first that is not refused or taken as it should be: a
 * status of 500, an error outside the catalogue, a case that takes more than a second, a server that takes too much memory.
 *
 *   npm run test:fuzz -- [MINUTES for each way, default 10] [SEED] [--only NAME]… [--hang-ms 1000]
 */
import { parseArgs } from 'node:util';
import { randomOf } from '../kill/random.ts';
import { HANG_MS, openTargets, type Target } from './targets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** The ways to send by; default: all. */
    only: { type: 'string', multiple: true, default: [] },
    /** Longer where the machine has other work. */
    'hang-ms': { type: 'string', default: String(HANG_MS) },
  },
});
const minutes = Number(positionals[0] ?? 10);
const seed = Number(positionals[1] ?? Date.now() % 2 ** 31);
const hangMs = Number(values['hang-ms']);
console.log(`${minutes} minutes each from seed ${seed}`);
const { targets, close } = await openTargets({ synchronous: true });
try {
  const names = targets.map(({ name }) => name);
  const unknown = values.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}, only ${names.join(', ')}`);
  for (const target of targets) if (values.only.length === 0 || values.only.includes(target.name)) await fuzz(target);
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
    if (ms > hangMs && result !== 'accepted') throw new Error(`case ${cases} of ${name} took ${ms.toFixed(0)} ms`);
    if (result !== 'accepted') slowest = Math.max(slowest, ms);
    results.set(result, (results.get(result) ?? 0) + 1);
    cases += 1;
  }
  const counts = [...results].sort(([, a], [, b]) => b - a).map(([result, count]) => `${result} ${count}`);
  console.log(`${name}: ${cases} cases, slowest ${slowest.toFixed(0)} ms: ${counts.join(', ')}`);
}
