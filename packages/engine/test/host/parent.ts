// A program that uses a host, for tests of what happens when it ends: `parent.ts <scripted|engine|device> <prompt> [mode]`.
// It prints the child's pid, `step` for each step of a run, and the outcome.
import { swiftShader } from '../../../../tests/support/software-device.ts';
import { createEngineHost } from '../../src/host/host.ts';
import { fixturePath } from '../fixtures.ts';
import { demoModel } from './demo-model.ts';
import { startScriptedHost } from './scripted-host.ts';

const [kind, prompt = '', mode] = process.argv.slice(2);
const say = (line: unknown) => process.stdout.write(`${line}\n`);
const controller = new AbortController();
if (mode === 'stay') setInterval(() => {}, 1000);
if (mode === 'handle-interrupt') process.once('SIGINT', () => controller.abort());

const hosts = {
  scripted: { start: () => startScriptedHost(), request: {} },
  engine: { start: () => createEngineHost({ model: demoModel }), request: {} },
  device: {
    start: async () => {
      const load = { device: 'webgpu', threads: 1, textCache: false } as const;
      return createEngineHost({ model: fixturePath('model'), load, environment: await swiftShader.environment() });
    },
    request: { width: 64, height: 64, samples: 4, guidanceScale: 1 },
  },
} as const;
const { start, request } = hosts[kind === 'engine' || kind === 'device' ? kind : 'scripted'];
const host = await start();
say(host.stats().pid);
try {
  await host.generate(
    { prompt, steps: 100, ...request },
    {
      signal: controller.signal,
      onStep: () => {
        say('step');
        if (mode === 'exit') setTimeout(() => process.exit(7), 200);
      },
    },
  );
  say('done');
} catch (error) {
  say(error instanceof Error && 'code' in error ? error.code : error);
}
