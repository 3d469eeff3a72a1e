// The entry of the child process: the engine, served over the channel to the parent. ORT_DISABLE_TELEMETRY is set by the parent.
import { loadModelOn } from '../load-model.ts';
import { serveEngine } from './serve.ts';

serveEngine(loadModelOn, async ({ device, step, threads }, hooks) => {
  const { probeStep } = await import('../components/probe-device.ts');
  return probeStep(step, device, threads, hooks);
});
