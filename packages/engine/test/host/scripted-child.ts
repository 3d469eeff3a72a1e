// A child that speaks the host's protocol and does what its prompt says, word by word: `unet:200` blocks for a pass of 200 ms
// as a run of the runtime does, `step` reports one, the rest is below. It loads a model as its path says.
import { readFileSync, writeSync } from 'node:fs';
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { cancelledError, EngineError } from '../../src/errors.ts';
import { serveEngine } from '../../src/host/serve.ts';
import type { GenerateOptions, GenerateRequest, GenerateResult, Model, ModelInfo } from '../../src/model.ts';
import { checkOfStep, type ProbeFindings, type ProbeStep } from '../../src/runtime/devices/probe-steps.ts';
import { passKinds, type RunHooks } from '../../src/runtime/passes.ts';
import { crashAt, hangAt } from './scripted-host.ts';

serveEngine(async (path, _options, device) => {
  const text = path.startsWith('/') ? readFileSync(path, 'utf8') : path;
  if (text === 'refused')
    throw new EngineError('model_file_missing', 'no unet', { details: { file: 'unet/config.json' } });
  await perform(text.split(' '), {});
  return { ...scriptedModel, info: { ...info, device: device.info } };
}, probe);

/** Finds a device right and fast, unless the number of threads says at which step it crashes or hangs. */
async function probe({
  step,
  threads,
}: {
  readonly step: ProbeStep;
  readonly threads: number;
}): Promise<ProbeFindings> {
  await nextLoopTurn();
  if (threads === crashAt(step)) process.kill(process.pid, 'SIGSEGV');
  if (threads === hangAt(step)) {
    writeSync(2, `${process.pid} hangs\n`);
    block(600_000);
  }
  const checks = [{ name: checkOfStep[step], ok: true, error: 1e-6 }];
  return step === 'speed' ? { checks, speed: { device: 1000, cpu: 100 } } : { checks };
}

const timings = { encodeMs: 1, denoiseMs: 2, decodeMs: 3, totalMs: 6 };
const used = {
  width: 64,
  height: 64,
  steps: 1,
  stepsRun: 1,
  guidanceScale: 3,
  scheduler: 'edm_euler',
  device: 'cpu',
} as const;
const info: ModelInfo = {
  path: 'scripted',
  layout: 'diffusers',
  family: 'scripted',
  defaults: used,
  sizes: { minSide: 64, maxSide: 64, isLimit: false, trained: [{ width: 64, height: 64 }] },
  components: [],
  familyName: 'playground-v2.5',
  notices: [],
  limits: { steps: { min: 1, max: 100 }, guidance: { min: 0, max: 25 } },
  takesNegativePrompt: true,
  samplers: ['edm_euler'],
  profiles: ['exact'],
  configSource: 'none',
  device: { name: 'cpu', title: 'CPU', arithmetic: 'float32' },
};

const scriptedModel: Model = {
  info,
  generate: async (request: GenerateRequest, options: GenerateOptions & RunHooks = {}): Promise<GenerateResult> => {
    await perform(request.prompt.split(' '), options);
    const told = { field: 'prompt', text: `${process.pid} ${process.env.ORT_DISABLE_TELEMETRY}` } as const;
    return { images: [], used, truncated: [told], timings };
  },
  tokenize: async (text) => {
    const seen = { count: text.length, limit: 75, truncated: '' };
    return [seen, seen];
  },
  prepare: async () => {},
  close: async () => {},
};

async function perform(
  words: readonly string[],
  { signal, onPass, onStep, onNotice }: GenerateOptions & RunHooks,
): Promise<void> {
  let index = 0;
  for (const word of words) {
    await nextLoopTurn();
    if (signal?.aborted) throw cancelledError();
    const [action = '', value = ''] = word.split(':');
    const kind = passKinds.find((name) => name === action);
    if (kind) {
      onPass?.({ kind, phase: 'start' });
      block(Number(value));
      onPass?.({ kind, phase: 'end' });
    } else if (action === 'step') {
      index += 1;
      onStep?.({ index, total: words.length, sample: 0, sigma: 1, elapsedMs: 1, etaMs: 1 });
    } else if (action === 'notice') {
      onNotice?.(value);
    } else {
      misbehave(action, value);
    }
  }
}

function misbehave(action: string, value: string): void {
  if (action === 'block') block(Number(value));
  else if (action === 'signal') process.kill(process.pid, value);
  else if (action === 'abort') process.abort();
  else if (action === 'exit') process.exit(Number(value));
  else if (action === 'say') writeSync(2, `${value}\n`);
  else if (action === 'linger') process.once('exit', () => linger(Number(value)));
  else if (action === 'refuse') throw new EngineError('tensor_shape', 'refused', { details: { tensor: value } });
  else if (action === 'lose') throw new EngineError('device_lost', 'the card was reset');
  else if (action === 'throw') throw new RangeError(value);
  else if (action === 'babble') process.send?.({ id: 1, type: 'pass', pass: 'nonsense' });
}

/** As an engine that takes its time to free its memory. */
function linger(ms: number): void {
  writeSync(2, 'leaving\n');
  block(ms);
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
