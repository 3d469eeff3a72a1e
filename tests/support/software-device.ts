import { fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/** A driver that computes on the processor what a graphics card would: ONNX Runtime's WebGPU runs on it as on any card with Vulkan. */
export interface SoftwareDevice {
  readonly name: string;
  /** Why it cannot be used here, to skip its tests with; undefined when it can. */
  readonly missing: string | undefined;
  /** The variables by which a process finds it. They must be set before the process starts. */
  environment(): Promise<Readonly<Record<string, string>>>;
}

const platform = `${process.platform}-${process.arch}`;

/** SwiftShader, which comes with the browser of the tests. It has no half precision. */
export const swiftShader: SoftwareDevice = {
  name: 'SwiftShader',
  missing: platform === 'linux-x64' ? undefined : `the software device is for Linux x64 (this is ${platform})`,
  environment: async () => {
    const { chromiumPath } = await import('./chromium.ts'); // not in the child: it loads the browser's library
    const folder = dirname(await chromiumPath());
    return vulkan(folder, join(folder, 'vk_swiftshader_icd.json'));
  },
};

/** For a process to find the loader in `folder`, and this driver alone. */
function vulkan(folder: string, driver: string): Record<string, string> {
  const before = process.env.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: before ? `${folder}:${before}` : folder, VK_DRIVER_FILES: driver };
}

/**
 * Runs a module in a child process on a software device: `input` is what its `answer` is given, the result what it returns. Both may
 * hold whatever structured cloning copies, such as typed arrays.
 *
 * @param device absent: in a child process without one
 * @throws Error with the end of the child's error output, when it throws, crashes or ends early
 */
export async function runInChild<Result>(module: URL, input: unknown, device?: SoftwareDevice): Promise<Result> {
  const child = fork(module, [], {
    env: { ...process.env, ...(await device?.environment()) },
    execArgv: ['--conditions=@easel/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let [errors, reply]: [string, string | undefined] = ['', undefined];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.on('message', (message) => {
    reply = String(message);
  });
  child.send(encode(input));
  const [code, signal]: unknown[] = await once(child, 'close');
  process.off('exit', kill);
  if (code === 0 && reply !== undefined) return decode(reply);
  throw new Error(`the child process ended with ${code ?? signal}:\n${errors.slice(-4000)}`);
}

/** The child's side of `runInChild`. An error ends the process with a status of 1. */
export async function answer<Input>(work: (input: Input) => Promise<unknown>): Promise<void> {
  const [message]: unknown[] = await once(process, 'message');
  const reply = encode(await work(decode(String(message))));
  await new Promise((sent) => process.send?.(reply, sent));
  process.disconnect();
}

function encode(value: unknown): string {
  return serialize(value).toString('base64');
}

function decode<T>(text: string): T {
  return deserialize(Buffer.from(text, 'base64'));
}
