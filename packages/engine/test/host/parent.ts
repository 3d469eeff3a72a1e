// A program that uses a host, for tests of what happens when it ends: `parent.ts <scripted|engine> <prompt> [mode]`.
// It prints the child's pid, `step` for each step of a run, and the outcome.
import { createEngineHost } from '../../src/host/host.ts';
import { demoModel } from './demo-model.ts';
import { startScriptedHost } from './scripted-host.ts';

const [kind, prompt = '', mode] = process.argv.slice(2);
const say = (line: unknown) => process.stdout.write(`${line}\n`);
const controller = new AbortController();
if (mode === 'stay') setInterval(() => {}, 1000);
if (mode === 'handle-interrupt') process.once('SIGINT', () => controller.abort());

const host = kind === 'engine' ? await createEngineHost({ model: demoModel }) : await startScriptedHost();
say(host.stats().pid);
try {
  await host.generate(
    { prompt, steps: 100 },
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
