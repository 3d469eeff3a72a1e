import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { messageOf } from '@easel/errors';
import { devicesFolder } from '../../folders.ts';
import { cudaDriverAdvice } from './driver-packages.ts';
import { type Machine, missingCard, thisMachine } from './graphics-cards.ts';

/** What keeps a device from being used, and what to do. */
interface Problem {
  readonly reason: string;
  readonly remedy: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What `easel device install cuda` has written: the file `manifest.json` in the folder of the device. */
export interface CudaManifest {
  /** The version of ONNX Runtime that the provider was built for: it fits no other. */
  readonly runtime: string;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** Paths are relative to the folder. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** Whether CUDA's libraries are installed, and whether this release of Easel can use them. */
export type CudaFiles =
  | { readonly state: 'absent'; readonly folder: string }
  | { readonly state: 'installed'; readonly folder: string; readonly manifest: CudaManifest }
  | { readonly state: 'unusable'; readonly folder: string; readonly reason: string };

/**
 * Looks for CUDA's libraries in the folder of devices. The sizes of the files are checked, not their content.
 *
 * @example cudaFiles(process.env).state // 'absent'
 */
export function cudaFiles(env: Environment): CudaFiles {
  const folder = join(devicesFolder(env), 'cuda');
  const unusable = (reason: string) => ({ state: 'unusable', folder, reason }) as const;
  if (sizeOf(folder) === undefined) return { state: 'absent', folder };
  const manifest = readManifest(join(folder, 'manifest.json'));
  if (manifest === undefined) return unusable(`${folder} has no valid manifest.json`);
  const needed = runtimeVersion();
  if (manifest.runtime !== needed) {
    return unusable(
      `they were installed for ONNX Runtime ${manifest.runtime}, and this release of Easel uses ${needed}`,
    );
  }
  const damaged = manifest.files.find(({ path, bytes }) => sizeOf(join(folder, path)) !== bytes);
  if (damaged !== undefined) return unusable(`${join(folder, damaged.path)} is missing or incomplete`);
  return { state: 'installed', folder, manifest };
}

/**
 * The variables with which a process finds CUDA's libraries, where they are installed; they must be set before it starts.
 *
 * ONNX Runtime loads its CUDA provider from the folder of its own library, as the dynamic linker names it. The binding looks for that
 * library by RUNPATH, which LD_LIBRARY_PATH precedes (ld.so(8)): so the folder holds a copy of it, beside the provider and what that needs.
 */
export function cudaEnvironment(env: Environment): { readonly LD_LIBRARY_PATH?: string } {
  const found = cudaFiles(env);
  if (found.state !== 'installed') return {};
  const libraries = join(found.folder, 'lib');
  return { LD_LIBRARY_PATH: env.LD_LIBRARY_PATH ? `${libraries}${delimiter}${env.LD_LIBRARY_PATH}` : libraries };
}

/**
 * Why CUDA cannot be used here, and what to do; undefined where its libraries are installed and the driver is there. The runtime's own error
 * says only that a library could not be loaded, and not which one. Fast enough to be asked before each session.
 */
export function cudaProblem(env: Environment = process.env): Problem | undefined {
  const found = cudaFiles(env);
  if (found.state === 'absent') {
    // With the command: `auto` shows the reason only.
    return {
      reason: "NVIDIA's libraries are not installed (easel device install cuda)",
      remedy: 'run: easel device install cuda',
    };
  }
  if (found.state === 'unusable') {
    return {
      reason: `NVIDIA's libraries cannot be used (easel device install cuda): ${found.reason}`,
      remedy: 'install them again: easel device install cuda',
    };
  }
  return missingDriver();
}

/** The same, of all that `easel device install cuda` does not bring: the card and its driver. */
export function cudaDriverProblem(): Problem | undefined {
  return missingNvidiaCard(thisMachine()) ?? missingDriver();
}

/** Undefined where there is a card of NVIDIA, or where the system does not tell. */
export function missingNvidiaCard(machine: Machine): Problem | undefined {
  const reason = missingCard('cuda', machine);
  return reason === undefined
    ? undefined
    : { reason, remedy: `it needs an NVIDIA card; if there is one, ${cudaDriverAdvice()}` };
}

function missingDriver(): Problem | undefined {
  if (canLoad('libcuda.so.1')) return undefined;
  return { reason: "NVIDIA's driver is missing: the system has no libcuda.so.1", remedy: cudaDriverAdvice() };
}

/** Whether the dynamic linker finds a library. Loading it as an addon fails in any case: in another way where it is there. */
export function canLoad(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (thrown) {
    return !/cannot open shared object file/.test(messageOf(thrown));
  }
}

/** The version of ONNX Runtime, without loading it. */
export function runtimeVersion(): string {
  const description: unknown = JSON.parse(readFileSync(runtimeDescription(), 'utf8'));
  if (typeof description === 'object' && description !== null && 'version' in description) {
    return String(description.version);
  }
  throw new TypeError(`${runtimeDescription()} has no version`);
}

/** The path of ONNX Runtime's library on Linux x64, the only platform with CUDA. */
export function runtimeLibrary(): string {
  return join(dirname(runtimeDescription()), 'bin', 'napi-v6', 'linux', 'x64', 'libonnxruntime.so.1');
}

function runtimeDescription(): string {
  return createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
}

function readManifest(file: string): CudaManifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined; // absent or damaged
  }
}

function isManifest(value: unknown): value is CudaManifest {
  if (typeof value !== 'object' || value === null) return false;
  if (!('runtime' in value && 'packages' in value && 'files' in value)) return false;
  const { runtime, packages, files } = value;
  return (
    typeof runtime === 'string' &&
    hasAll(packages, { name: 'string', version: 'string' }) &&
    hasAll(files, { path: 'string', bytes: 'number', sha256: 'string' })
  );
}

/** Whether it is a list of objects that have these fields of these types. */
function hasAll(list: unknown, fields: Readonly<Record<string, string>>): boolean {
  const fits = (entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return false;
    const values = new Map<string, unknown>(Object.entries(entry));
    return Object.entries(fields).every(([name, type]) => typeof values.get(name) === type);
  };
  return Array.isArray(list) && list.every(fits);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
