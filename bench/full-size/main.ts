/**
 * What a full-size model costs on this machine: seconds until ready, memory while it runs, and how far its networks are
 * from the reference. The weights may be random (tools/fullsize): speed, memory and parity do not depend on them.
 *
 *   npm run bench:full-size -- MODEL [--reference FILE.safetensors] [--only ready,unet,picture,parity]
 */
import { createReadStream } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createEngineHost, inspectModel, loadModel } from '../../packages/engine/src/index.ts';
import { readFixture } from '../../packages/engine/test/fixtures.ts';
import { watchMemory } from './memory-watch.ts';
import { measureParity } from './parity.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { reference: { type: 'string' }, only: { type: 'string', default: 'ready,unet,picture,parity' } },
});
const [path] = positionals.map((given) => resolve(given));
if (path === undefined) throw new Error('give the folder of a full-size model; tools/fullsize makes one');
const parts = values.only.split(',');
const cacheDir = join(tmpdir(), `easel-bench-${process.pid}`);
const model = { model: path, load: { cacheDir } };
const note = (what: string, figures: Readonly<Record<string, number | string>>) => {
  const shown = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === 'number' ? round(value) : value,
  ]);
  console.log(JSON.stringify({ what, ...Object.fromEntries(shown) }));
};

note('machine', { cpu: cpus()[0]?.model ?? '', cores: cpus().length, load: loadavg()[0], node: process.version });
await warmPageCache(path);

if (parts.includes('ready')) {
  for (const size of [512, 1024]) {
    const began = performance.now();
    const loaded = await loadModel(path, { cacheDir });
    const loadedAt = performance.now();
    await loaded.prepare({ width: size, height: size });
    const seconds = (performance.now() - began) / 1000;
    note(`sessions ready, ${size}×${size}`, { seconds, load: (loadedAt - began) / 1000, load1: loadavg()[0] });
    await loaded.close();
  }
}
if (parts.includes('unet')) {
  const host = await createEngineHost(model);
  const steps = 3;
  const request = { prompt: 'a red apple on a blue background', width: 512, height: 512, steps, seed: 1 };
  let loop: ReturnType<typeof performance.now> | undefined;
  let afterFirst = 0;
  // The first step contains the making of the session; the loop is what follows, up to the last step.
  const [result, peak] = await watchMemory(host, () =>
    host.generate(request, {
      onStep: ({ index, elapsedMs }) => {
        if (index === 1) afterFirst = elapsedMs;
        if (index === steps) loop = elapsedMs;
      },
    }),
  );
  const perStep = ((loop ?? 0) - afterFirst) / (steps - 1) / 1000;
  note('512×512, guidance on', {
    ...peak,
    secondsPerStep: perStep,
    totalSeconds: result.timings.totalMs / 1000,
    load: loadavg()[0],
  });
  await host.close();
}
if (parts.includes('picture')) {
  const host = await createEngineHost(model);
  const request = { prompt: 'a red apple on a blue background', width: 1024, height: 1024, steps: 2, seed: 1 };
  let [unetPeak, isDecoding] = [0, false];
  const watch = watchMemory(host, () =>
    host.generate(request, {
      onStep: ({ index, total }) => {
        isDecoding = index === total;
      },
    }),
  );
  const timer = setInterval(async () => {
    if (!isDecoding) unetPeak = Math.max(unetPeak, ((await host.memory())?.anonymous ?? 0) / 1e9);
  }, 50);
  const [{ timings, images }, peak] = await watch;
  clearInterval(timer);
  note('1024×1024, 2 steps, guidance on', {
    pixels: images[0].data.length / 3,
    anonymousInUNet: unetPeak,
    anonymousWithVae: peak.anonymous,
    resident: peak.resident,
    denoiseSeconds: timings.denoiseMs / 1000,
    decodeSeconds: timings.decodeMs / 1000,
    load: loadavg()[0],
  });
  await host.close();
}
if (parts.includes('parity') && values.reference !== undefined) {
  for (const { what, ...figures } of await measureParity(path, readFixture(resolve(values.reference)))) {
    note(`parity: ${what}`, { ...figures, load: loadavg()[0] });
  }
}

async function warmPageCache(model: string): Promise<void> {
  const { info } = await inspectModel(model);
  for (const file of new Set(info?.components.flatMap(({ files }) => files))) {
    for await (const _ of createReadStream(file, { highWaterMark: 1 << 24 }));
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
