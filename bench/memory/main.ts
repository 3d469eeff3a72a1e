/**
 * Without options: does the engine's process grow? Makes pictures in a row with the embedded model and compares its anonymous memory after
 * the tenth with that after the last: medians of ten readings, because a single one may catch the garbage collector at work.
 *
 *   npm run bench:memory -- [PICTURES, default 100]
 *
 * With a model: how much does one picture need? One step without guidance; more need no more. A limit is set from outside, by a container
 * or `systemd-run --scope -p MemoryMax=4G`.
 *
 *   npm run bench:memory -- --model MODEL [--size 1024] [--memory small] [--precision exact|int8] [--int8-file FILE] [--threads N]
 */
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { demoModelPath } from '@easel/demo-model';
import { createEngineHost, parseMemory, precisions } from '@easel/engine';
import { watchRun } from '../full-size/memory-watch.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    size: { type: 'string', default: '1024' },
    memory: { type: 'string', default: 'auto' },
    precision: { type: 'string', default: 'exact' },
    'int8-file': { type: 'string' },
    threads: { type: 'string' },
  },
});
if (values.model === undefined) await watchGrowth(Number(positionals[0] ?? 100));
else await measurePeak(values.model);

async function measurePeak(model: string): Promise<void> {
  const precision = precisions.find((name) => name === values.precision);
  if (precision === undefined) throw new Error(`--precision must be ${precisions.join(' or ')}`);
  const host = await createEngineHost({
    model,
    load: {
      precision,
      memory: parseMemory(values.memory),
      textCache: false,
      ...(values['int8-file'] !== undefined && { int8File: values['int8-file'] }),
      ...(values.threads !== undefined && { threads: Number(values.threads) }),
    },
  });
  const side = Number(values.size);
  const prompt = 'a red apple on a blue background';
  const request = { prompt, width: side, height: side, steps: 1, guidanceScale: 1, seed: 1 };
  const { result, anonymousInLoop, anonymousInDecode } = await watchRun(host, request);
  const memory = await host.memory();
  const { encodeMs, denoiseMs, decodeMs } = result.timings;
  const gigabytes = { peakResident: (memory?.peakResident ?? 0) / 1e9, anonymousInLoop, anonymousInDecode };
  console.log(
    JSON.stringify({ size: side, precision, memory: values.memory, gigabytes, encodeMs, denoiseMs, decodeMs }),
  );
  await host.close();
}

async function watchGrowth(pictures: number): Promise<void> {
  const host = await createEngineHost({ model: demoModelPath });
  const anonymous: number[] = [];
  for (let picture = 1; picture <= pictures; picture++) {
    const prompt = `a red apple on a blue background ${picture % 40}`;
    await host.generate({ prompt, seed: picture, width: 128, height: 128 });
    await setTimeout(20); // the process returns what the run has freed
    anonymous.push(((await host.memory())?.anonymous ?? 0) / 1e6);
    if (picture % 10 === 0) console.log(`after ${picture}: ${anonymous.at(-1)?.toFixed(1)} MB`);
  }
  await host.close();
  const [early, late] = [median(anonymous.slice(5, 15)), median(anonymous.slice(-10))];
  console.log(
    `about the tenth ${early.toFixed(1)} MB, the last ten ${late.toFixed(1)} MB: ${(100 * (late / early - 1)).toFixed(1)} %`,
  );
}

function median(readings: readonly number[]): number {
  return readings.toSorted((a, b) => a - b)[Math.floor(readings.length / 2)] ?? Number.NaN;
}
