/**
 * What the precisions cost and gain on this machine: seconds of a pass, taken in turns so that what else runs slows both, seconds until ready,
 * memory of a process each; and with --errors how far every layer in 8 bits is from float32.
 *
 *   npm run bench:precision -- MODEL [--int8-file FILE] [--part unet|vae|text_encoder|text_encoder_2] [--size 512] [--threads 2] [--passes 3] [--errors]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { processorFeatures } from '../../packages/engine/src/index.ts';
import { errorsByKind, layerErrors } from './layer-errors.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'int8-file': { type: 'string' },
    part: { type: 'string', default: 'unet' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
    passes: { type: 'string', default: '3' },
    errors: { type: 'boolean', default: false },
  },
});
const [model] = positionals;
if (model === undefined) throw new Error('give a model; its 8-bit weights are made with: easel model quantize MODEL');
const file = values['int8-file'];
const job = {
  model,
  part: values.part,
  size: Number(values.size),
  threads: Number(values.threads),
  ...(file !== undefined && { int8File: resolve(file) }),
};

if (values.errors) {
  const errors = await layerErrors(job);
  const what = 'relative error of each layer in 8 bits';
  console.log(JSON.stringify({ what, part: job.part, kinds: errorsByKind(errors), errors }, null, 2));
} else {
  console.log(JSON.stringify(await measure(Number(values.passes)), null, 2));
}

async function measure(passes: number) {
  const load = loadavg()[0];
  const processor = cpus()[0]?.model ?? '';
  const features = [...(processorFeatures() ?? [])].flatMap(([name, has]) => (has ? [name] : []));
  const children = new Map<string, ChildProcess>();
  const results: Record<string, { readySeconds: number; passSeconds: number[]; memory: unknown }> = {};
  try {
    for (const precision of ['exact', 'int8']) {
      const child = fork(new URL('./pass-child.ts', import.meta.url), [JSON.stringify({ ...job, precision })]);
      children.set(precision, child);
      const { readySeconds } = await answer(child);
      results[precision] = { readySeconds, passSeconds: [], memory: undefined };
    }
    for (let pass = 0; pass < passes; pass++) {
      for (const [precision, child] of children) {
        child.send('pass');
        const { seconds, memory } = await answer(child);
        results[precision].passSeconds.push(seconds);
        results[precision].memory = memory;
      }
    }
  } finally {
    for (const child of children.values()) child.kill();
  }
  const best = Object.fromEntries(
    Object.entries(results).map(([name, { passSeconds }]) => [name, Math.min(...passSeconds)]),
  );
  return { processor, features, loadAtStart: load, ...job, results, best, ratio: best.exact / best.int8 };
}

async function answer(child: ChildProcess) {
  const ended = new AbortController();
  const onExit = () => ended.abort(new Error('a process of the measurement ended'));
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal });
    return message;
  } finally {
    child.off('exit', onExit);
  }
}
