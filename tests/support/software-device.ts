import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/** A driver that computes on the processor what a graphics card would: ONNX Runtime's WebGPU runs on it as on any card with Vulkan. */
export interface SoftwareDevice {
  readonly name: string;
  /** Whether it reads and computes in half precision. */
  readonly hasHalf: boolean;
  /** Why it cannot be used here, to skip its tests with; undefined when it can. */
  readonly missing: string | undefined;
  /** The variables by which a process finds it. They must be set before the process starts. */
  environment(): Promise<Readonly<Record<string, string>>>;
}

/** Why tests of half precision are skipped on a device without it. */
export const withoutHalf = 'SwiftShader has no half precision: `npm run test:lavapipe` tests it';

const platform = `${process.platform}-${process.arch}`;

/** SwiftShader, which comes with the browser of the tests. */
export const swiftShader: SoftwareDevice = {
  name: 'SwiftShader',
  hasHalf: false,
  missing: platform === 'linux-x64' ? undefined : `the software device is for Linux x64 (this is ${platform})`,
  environment: async () => {
    const { chromiumPath } = await import('./chromium.ts'); // not in the child: it loads the browser's library
    const folder = dirname(await chromiumPath());
    return vulkan(folder, join(folder, 'vk_swiftshader_icd.json'));
  },
};

const unpacked = process.env.EASEL_LAVAPIPE ?? join(homedir(), '.cache/easel/lavapipe');
const libraries = join(unpacked, 'usr/lib/x86_64-linux-gnu');

/** Mesa's lavapipe (25 or newer), which has half precision. It is in no package of npm: docs/CONTRIBUTING.md says how to unpack it. */
export const lavapipe: SoftwareDevice = {
  name: 'lavapipe',
  hasHalf: true,
  missing: existsSync(join(libraries, 'libvulkan_lvp.so'))
    ? undefined
    : `there is no lavapipe in ${unpacked}: "Software devices" in docs/CONTRIBUTING.md says how to unpack it`,
  environment: async () => {
    const folders = [libraries, join(unpacked, 'lib/x86_64-linux-gnu')].join(':');
    return vulkan(folders, join(unpacked, 'usr/share/vulkan/icd.d/lvp_icd.json'));
  },
};

/** The one that tests run on: SwiftShader with `npm test`, lavapipe with `npm run test:lavapipe`. */
export const softwareDevice = process.env.EASEL_SOFTWARE_DEVICE === 'lavapipe' ? lavapipe : swiftShader;

/** Why tests that take a minute or more on SwiftShader are skipped with `npm test`; undefined: they are run. */
export const tooLong =
  process.env.EASEL_SOFTWARE_DEVICE === undefined ? 'it takes minutes: `npm run test:swiftshader` runs it' : undefined;

/** For a process to find the loader in `folders`, and this driver alone. */
function vulkan(folders: string, driver: string): Record<string, string> {
  const before = process.env.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: before ? `${folders}:${before}` : folders, VK_DRIVER_FILES: driver };
}

/**
 * Runs a module in a child process on a software device: `input` is what its `answer` is given, the result what it returns. Both may
 * hold whatever structured cloning copies, such as typed arrays.
 *
 * @param device absent: in a child process without one
 * @param onStart is given the child's number, to watch it
 * @throws Error with the end of the child's error output, when it throws, crashes or ends early
 */
export async function runInChild<Result>(
  module: URL,
  input: unknown,
  device?: SoftwareDevice,
  onStart: (pid: number) => void = () => undefined,
): Promise<Result> {
  const child = fork(module, [], {
    env: { ...process.env, ...(await device?.environment()) },
    execArgv: ['--conditions=@easel/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  if (child.pid !== undefined) onStart(child.pid);
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
