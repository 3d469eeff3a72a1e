/** One precision of one part in a process of its own: says when it is ready, then runs a pass for every message. */
import { processMemory } from '../../packages/engine/src/host/process-memory.ts';
import { preparePass } from './part-pass.ts';

process.env.ORT_DISABLE_TELEMETRY = '1';
const began = performance.now();
const pass = await preparePass(JSON.parse(process.argv[2]));
process.send?.({ readySeconds: seconds(began) });
process.on('disconnect', () => process.exit(0));
process.on('message', async () => {
  const start = performance.now();
  await pass();
  process.send?.({ seconds: seconds(start), memory: await processMemory(process.pid) });
});

function seconds(since: number): number {
  return Math.round(performance.now() - since) / 1000;
}
