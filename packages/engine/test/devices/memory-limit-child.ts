/**
 * Runs two networks on a WebGPU device whose memory is limited: a software device takes it from the process, which the system limits.
 * Answers with what happened.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { answer } from '../../../../tests/support/software-device.ts';
import { toEngineError } from '../../src/errors.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { Residency } from '../../src/runtime/residency.ts';
import { defaultTarget } from '../../src/runtime/variant.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { chainNetwork, type Layers } from './chain-network.ts';

export interface MemoryLimit {
  /** A weights file of the layers `texts.N.weight` and `unet.N.weight`. */
  readonly path: string;
  readonly texts: Layers;
  readonly unet: Layers;
  /** What the device may hold, in bytes. */
  readonly limit: number;
}

export interface LimitOutcome {
  readonly notices: readonly string[];
  /** By network: whether it gave a result, or the error. */
  readonly texts: 'done' | { readonly code: string; readonly message: string; readonly remedy: string };
  readonly unet: LimitOutcome['texts'];
  /** Once more at the end. */
  readonly again: LimitOutcome['texts'];
}

await answer(async ({ path, texts, unet, limit }: MemoryLimit): Promise<LimitOutcome> => {
  const device = webgpu.create({ ...webgpu.form, stored: ['float32'] });
  const tensors = await readSafetensors(path);
  const residency = new Residency(device, 'large');
  const notices: string[] = [];
  const context = {
    target: { ...defaultTarget, device },
    hooks: { onNotice: (notice: string) => notices.push(notice) },
  };
  const network = (stage: 'texts' | 'denoise', name: 'texts' | 'unet', size: Layers) => {
    const made = chainNetwork(tensors, name, size, residency);
    residency.add({ stage, release: () => made.release() });
    const pass = () => made.run({ rows: 1 }, { x: new Float32Array(size.width).fill(1) }, context);
    return async (): Promise<LimitOutcome['texts']> => {
      try {
        const { y } = await made.attempt(pass, context);
        return y?.every((value) => value === 0) ? 'done' : { code: 'wrong', message: String(y), remedy: '' };
      } catch (thrown) {
        const { code, message, remedy } = toEngineError(thrown);
        return { code, message, remedy };
      }
    };
  };
  await network('texts', 'texts', { ...texts, layers: 1 })(); // libraries and threads: the limit is for what a device holds
  const address = addressSpace();
  await residency.replace(async () => undefined);
  const [runTexts, runUNet] = [network('texts', 'texts', texts), network('denoise', 'unet', unet)];
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${address + limit}`]);
  return { texts: await runTexts(), unet: await runUNet(), notices, again: await runTexts() };
});

function addressSpace(): number {
  return 1024 * Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
