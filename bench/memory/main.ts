/**
 * Does the engine's process grow? Makes pictures in a row with the embedded model and compares its anonymous memory after
 * the tenth with that after the last: medians of ten readings, because a single one may catch the garbage collector at work.
 *
 *   npm run bench:memory -- [PICTURES, default 100]
 */
import { setTimeout } from 'node:timers/promises';
import { demoModelPath } from '@easel/demo-model';
import { createEngineHost } from '@easel/engine';

const pictures = Number(process.argv[2] ?? 100);
const host = await createEngineHost({ model: demoModelPath });
const anonymous: number[] = [];
for (let picture = 1; picture <= pictures; picture++) {
  await host.generate({
    prompt: `a red apple on a blue background ${picture % 40}`,
    seed: picture,
    width: 128,
    height: 128,
  });
  await setTimeout(20); // the process returns what the run has freed
  anonymous.push(((await host.memory())?.anonymous ?? 0) / 1e6);
  if (picture % 10 === 0) console.log(`after ${picture}: ${anonymous.at(-1)?.toFixed(1)} MB`);
}
await host.close();
const [early, late] = [median(anonymous.slice(5, 15)), median(anonymous.slice(-10))];
console.log(
  `about the tenth ${early.toFixed(1)} MB, the last ten ${late.toFixed(1)} MB: ${(100 * (late / early - 1)).toFixed(1)} %`,
);

function median(readings: readonly number[]): number {
  return readings.toSorted((a, b) => a - b)[Math.floor(readings.length / 2)] ?? Number.NaN;
}
