/**
 * Has a pass become slower? A pass of the embedded model's UNet and of its VAE beside a matrix product of the same arithmetic, in turns in one
 * process on one thread, so that neither the machine nor its load matter much: their ratio is compared with a generous limit. What does not depend on time
 * (nodes, products and bytes of weights of every network in both precisions) is held by packages/engine/test/full-size-graphs.test.ts.
 *
 *   npm run bench:regression [-- --runs 12]
 *
 * Ends with status 1 when a limit is exceeded.
 */
import { parseArgs } from 'node:util';
import { demoModelPath } from '@easel/demo-model';
import { allOperations, operationsOf } from '../../packages/engine/src/components/operations.ts';
import { GraphBuilder } from '../../packages/engine/src/onnx/graph-builder.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';
import { createSession } from '../../packages/engine/src/runtime/session.ts';
import { openPart, preparePass } from '../precision/part-pass.ts';

/** Times as long as the product in float32. About 1.7 times what was measured (1.5, 1.0, 1.2 and 1.2) with AVX-512, VNNI and AMX. */
const LIMITS = [
  { part: 'unet', precision: 'exact', limit: 2.5 },
  { part: 'unet', precision: 'int8', limit: 2 },
  { part: 'vae', precision: 'exact', limit: 2 },
  { part: 'vae', precision: 'int8', limit: 2.2 },
] as const;

const SIZE = 256;
const WIDTH = 1024;
const { values } = parseArgs({ options: { runs: { type: 'string', default: '12' } } });

for (const { part, precision, limit } of LIMITS) {
  const job = { model: demoModelPath, part, size: SIZE, threads: 1 };
  const operations = allOperations(operationsOf((await openPart(job, false)).build));
  const runs = { pass: await preparePass({ ...job, precision }), product: await prepareProduct(operations) };
  const best = { pass: Number.POSITIVE_INFINITY, product: Number.POSITIVE_INFINITY };
  for (let run = 0; run < Number(values.runs); run++) {
    for (const name of ['pass', 'product'] as const) {
      const began = performance.now();
      await runs[name]();
      best[name] = Math.min(best[name], performance.now() - began);
    }
  }
  const ratio = best.pass / best.product;
  const figures = `${best.pass.toFixed(0)} ms, the product ${best.product.toFixed(0)} ms`;
  console.log(
    `${part}, ${precision}: ${ratio.toFixed(2)} × a product of ${(operations / 1e9).toFixed(1)} GFLOP (${figures}); limit ${limit}`,
  );
  if (ratio > limit) process.exitCode = 1;
}

/** A product in float32 of about so many operations. */
async function prepareProduct(operations: number): Promise<() => Promise<unknown>> {
  const rows = Math.round(operations / (2 * WIDTH * WIDTH));
  const graph = new GraphBuilder('product');
  const values = Float32Array.from({ length: WIDTH * WIDTH }, (_, index) => Math.cos(index));
  const inputs = [graph.input('x', [rows, WIDTH]), graph.float32s('weight', [WIDTH, WIDTH], values)];
  graph.output('y', graph.node('Gemm', inputs, [rows, WIDTH]));
  const session = await createSession(graph, cpu, {
    weightFolder: '/',
    threads: 1,
    weights: 'resident',
  });
  const x = Float32Array.from({ length: rows * WIDTH }, (_, index) => Math.sin(index));
  return () => session.run({ x });
}
