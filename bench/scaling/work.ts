/** One row of bench:scaling in a process of its own: `{"ready": s}`, then `{"seconds": s}` for every line of input. */
import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import { Network } from '../../packages/engine/src/components/network.ts';
import { tileSide } from '../../packages/engine/src/components/vae/tiling.ts';
import { Vae } from '../../packages/engine/src/components/vae/vae.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../../packages/engine/src/families/sdxl-architecture.ts';
import { loadModel } from '../../packages/engine/src/index.ts';
import { int8Matrices, openInt8Weights } from '../../packages/engine/src/loading/int8-weights.ts';
import { storedBytes, weightsFor } from '../../packages/engine/src/loading/precision.ts';
import { createGenerator } from '../../packages/engine/src/random/torch-generator.ts';
import { defaultTarget } from '../../packages/engine/src/runtime/variant.ts';
import { preparePass } from '../precision/part-pass.ts';
import { serveTimedRuns } from '../support/timed-runs.ts';
import { prepareProduct } from './product.ts';
import type { Row } from './rows.ts';

interface Job extends Row {
  readonly model: string;
  readonly int8File?: string;
}

const job: Job = JSON.parse(process.argv[2] ?? '');
await serveTimedRuns(prepare);

function prepare(): Promise<() => Promise<unknown>> {
  if (job.part === 'product') return prepareProduct(job.precision, job.threads);
  if (job.part === 'unet') return preparePass({ ...job, part: 'unet' });
  return job.part === 'vae' ? prepareDecode() : preparePicture();
}

/** As a picture is decoded: whole, or in tiles. */
async function prepareDecode(): Promise<() => Promise<unknown>> {
  const { model, int8File, precision, threads, size } = job;
  const checkpoint = await openCheckpoint(model);
  const configs = parseSdxlConfigs(checkpoint.components);
  const { tensors } = checkpoint.components.vae;
  const matrices = new Map([...int8Matrices(checkpoint, configs)].filter(([part]) => part === 'vae'));
  const int8 = precision === 'int8' ? (await openInt8Weights(checkpoint, matrices, int8File)).get('vae') : undefined;
  const loading = {
    ...{ tensors, threads, weights: () => weightsFor('vae', precision, storedBytes(tensors), 'large') },
    ...(int8 && { int8: () => Promise.resolve(int8) }),
  };
  const { decoder, encoder } = sdxlNetworks(configs);
  const vae = new Vae(configs.vae, new Network({ ...decoder, ...loading }), new Network({ ...encoder, ...loading }));
  const side = size / 8;
  const latents = { data: createGenerator(1).randn(4 * side * side), channels: 4, height: side, width: side };
  const context = {
    target: { ...defaultTarget, precision: { vae: precision } },
    hooks: {},
    beforePass: () => Promise.resolve(),
  };
  const isWhole = tileSide({ width: size, height: size }, configs.vae, 'auto', false) === undefined;
  if (isWhole) await vae.prepare(latents, context);
  return () => vae.decode(latents, { ...context, tiling: 'auto' });
}

/** The first picture has one step: it touches all weights for the first time, and is not counted. Nor are the texts, which it has encoded. */
async function preparePicture(): Promise<() => Promise<unknown>> {
  const { model, int8File, precision, threads, size, steps, samples } = job;
  const loaded = await loadModel(model, {
    threads,
    precision,
    memory: 'large',
    textCache: false,
    ...(int8File !== undefined && { int8File }),
  });
  await loaded.prepare({ width: size, height: size });
  const request = { prompt: 'a red apple on a blue background', width: size, height: size, seed: 1 };
  let isFirst = true;
  return () => {
    const run = loaded.generate({ ...request, ...(isFirst ? { steps: 1 } : { steps, samples }) });
    isFirst = false;
    return run;
  };
}
