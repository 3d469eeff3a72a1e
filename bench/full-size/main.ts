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
import { watchRun } from './memory-watch.ts';
import { measureParity } from './parity.ts';

const RUNS = [
  { part: 'unet', size: 512, steps: 3 },
  { part: 'picture', size: 1024, steps: 2 },
];

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
for (const { part, size, steps } of RUNS) {
  if (!parts.includes(part)) continue;
  const host = await createEngineHost(model);
  const request = { prompt: 'a red apple on a blue background', width: size, height: size, steps, seed: 1 };
  const { result, ...figures } = await watchRun(host, request);
  note(`${size}×${size}, ${steps} steps, guidance on`, {
    pixels: result.images[0].data.length / 3,
    ...figures,
    denoiseSeconds: result.timings.denoiseMs / 1000,
    decodeSeconds: result.timings.decodeMs / 1000,
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
