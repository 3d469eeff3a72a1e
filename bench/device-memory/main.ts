/**
 * What a network of a full-size model needs on a graphics card: seconds until its session is there, device and host memory after that and at
 * the peak of one pass; or of a whole model that draws a picture with memory `small`, after each kind of pass. On a software device, whose memory is the process's: lavapipe's is shared memory, SwiftShader's is anonymous, with the
 * host's in it. Weights may be random (tools/fullsize).
 *
 *   npm run bench:device-memory -- MODEL [--part unet|vae|model] [--size 512] [--device lavapipe|SwiftShader] [--arithmetic float32|float16] [--passes 1]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { softwareChoice, softwareForm } from '../../packages/engine/test/devices/software-choice.ts';
import { lavapipe, runInChild, swiftShader } from '../../tests/support/software-device.ts';
import type { ModelFigures, ModelWork, NetworkFigures, NetworkWork } from './child.ts';

const EVERY_MS = 50;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', default: 'unet' },
    size: { type: 'string', default: '512' },
    device: { type: 'string', default: 'lavapipe' },
    arithmetic: { type: 'string', default: 'float32' },
    passes: { type: 'string', default: '1' },
  },
});
const [path] = positionals.map((given) => resolve(given));
const device = [lavapipe, swiftShader].find(({ name }) => name === values.device);
const part = (['unet', 'vae', 'model'] as const).find((name) => name === values.part);
const arithmetic = (['float32', 'float16'] as const).find((name) => name === values.arithmetic);
if (!path || !device || !part || !arithmetic)
  throw new Error('give the folder of a full-size model, and options as above');
if (device.missing !== undefined) throw new Error(device.missing);

const size = Number(values.size);
const cacheDir = await mkdtemp(join(tmpdir(), 'easel-memory-'));
const work: NetworkWork | ModelWork =
  part === 'model'
    ? { model: path, size, choice: softwareChoice(device, arithmetic), cacheDir }
    : { model: path, part, size, passes: Number(values.passes), form: softwareForm(device, arithmetic) };
const peaks = { device: 0, host: 0 };
const end = new AbortController();
const child = new URL('./child.ts', import.meta.url);
const figures = await runInChild<NetworkFigures | ModelFigures>(child, work, device, (pid) => void watch(pid));
end.abort();
await rm(cacheDir, { recursive: true });
console.log(JSON.stringify({ part, size, device: device.name, arithmetic, ...figures, peakMb: peaks }));

/** Follows a process's memory until it ends: RssShmem and RssAnon, proc(5). */
async function watch(pid: number): Promise<void> {
  while (!end.signal.aborted) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peaks.device = Math.max(peaks.device, megabytes(status, 'RssShmem'));
    peaks.host = Math.max(peaks.host, megabytes(status, 'RssAnon'));
    await sleep(EVERY_MS);
  }
}

function megabytes(status: string, name: string): number {
  return Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024);
}
