/**
 * Does the engine's process grow? Makes pictures in a row with the embedded model and compares its anonymous memory after
 * the tenth with that after the last.
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
  await host.generate({ prompt: `a red apple on a blue background ${picture % 40}`, seed: picture });
  await setTimeout(20); // the process returns what the run has freed
  anonymous.push(((await host.memory())?.anonymous ?? 0) / 1e6);
  if (picture % 10 === 0) console.log(`after ${picture}: ${anonymous.at(-1)?.toFixed(1)} MB`);
}
await host.close();
const growth = 100 * ((anonymous.at(-1) ?? 0) / (anonymous[9] ?? Number.NaN) - 1);
console.log(`after the tenth to after the last: ${growth.toFixed(1)} %`);
