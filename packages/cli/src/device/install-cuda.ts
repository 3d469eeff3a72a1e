import { createHash } from 'node:crypto';
import { createReadStream, rmSync, statfsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CudaFiles, CudaManifest } from '@easel/engine';
import { CodedError, hasCode, ifPresent, isCodedError, isMissing, systemCode, whyNoFolder } from '@easel/errors';
import { createFolder } from '../output/folder.ts';
import type { PinnedWheel } from './cuda-packages.ts';
import { downloadWheel } from './download.ts';
import { findWheel, installFailure, type PackageIndex } from './package-index.ts';
import { Wheel } from './wheel.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What an installation downloads and needs. */
export interface CudaPlan {
  /** Where it is installed. */
  readonly folder: string;
  readonly packages: readonly PinnedWheel[];
  readonly downloadBytes: number;
  readonly installedBytes: number;
  /** What must be free: the installed files and the largest package, which is removed once it is unpacked. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  readonly installed: CudaFiles;
}

/** Works out what is to be done, without the network. @throws CodedError `device_install_failed` where CUDA is not supported */
export async function planCuda(
  packages: readonly PinnedWheel[],
  env: Environment,
  platform: string = `${process.platform}-${process.arch}`,
): Promise<CudaPlan> {
  requirePlatform(platform);
  const { cudaFiles, runtimeLibrary } = await import('@easel/engine');
  const installed = cudaFiles(env);
  const { folder } = installed;
  const separator = /[:;]/.exec(folder)?.[0]; // of LD_LIBRARY_PATH: ld.so(8)
  if (separator !== undefined) {
    throw installFailure(
      `${folder} cannot be used: the system separates library folders by "${separator}"`,
      OTHER_FOLDER,
    );
  }
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const { size: runtime } = await stat(runtimeLibrary());
  const installedBytes = sum(packages.map(({ keptBytes }) => keptBytes)) + runtime;
  return {
    folder,
    packages,
    downloadBytes: sum(packages.map(({ bytes }) => bytes)),
    installedBytes,
    neededBytes: installedBytes + Math.max(...packages.map(({ bytes }) => bytes)),
    freeBytes: freeBytes(folder),
    installed,
  };
}

/** Whether exactly these packages are installed, for this release of Easel. */
export function isInstalled({ installed, packages }: CudaPlan): boolean {
  if (installed.state !== 'installed') return false;
  const list = (entries: CudaManifest['packages']) => entries.map(({ name, version }) => `${name} ${version}`).join();
  return list(installed.manifest.packages) === list(packages);
}

/** @throws CodedError `disk_full` */
export function requireSpace({ folder, neededBytes, freeBytes: free }: CudaPlan): void {
  if (free >= neededBytes) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
  throw new CodedError(
    'disk_full',
    `${gigabytes(neededBytes)} are needed in ${folder}, and ${gigabytes(free)} are free; nothing was downloaded`,
    { remedy: `free some space, or ${OTHER_FOLDER}` },
  );
}

export interface InstallOptions {
  readonly index: PackageIndex;
  readonly signal: AbortSignal;
  /** Registers what must be undone when the process has to end at once. */
  readonly atForcedExit: (undo: () => void) => void;
  /** @param bytes downloaded of all packages */
  readonly onProgress: (wheel: PinnedWheel, bytes: number) => void;
}

/**
 * Downloads, checks and unpacks the packages into a folder beside the final one, which then takes its place in one step. Whatever fails,
 * and when it is cancelled, nothing of it stays, and what was installed before is as it was.
 *
 * @returns whether it was installed; false if another process has done it meanwhile
 * @throws CodedError `device_install_failed`, `disk_full`
 */
export async function installCuda(plan: CudaPlan, env: Environment, options: InstallOptions): Promise<boolean> {
  const { cudaFiles } = await import('@easel/engine');
  await using _lock = await lockDevices(plan.folder);
  if (isInstalled({ ...plan, installed: cudaFiles(env) })) return false;
  const devices = dirname(plan.folder);
  await removeRemains(plan.folder);
  const draft = `${join(devices, DRAFT)}${process.pid}`;
  await mkdir(draft);
  options.atForcedExit(() => rmSync(draft, { recursive: true, force: true }));
  try {
    await fillFolder(draft, plan, options);
    options.signal.throwIfAborted();
    await replaceFolder(draft, plan.folder);
    return true;
  } catch (thrown) {
    throw options.signal.aborted ? thrown : writeFailure(plan.folder, thrown);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What was removed. */
export interface Removal {
  readonly folder: string;
  /** Whether something was installed. */
  readonly removed: boolean;
  readonly remains: Remains;
}

/** Removes what is installed, and what installations that were killed have left. */
export async function removeCuda(env: Environment): Promise<Removal> {
  const { cudaFiles } = await import('@easel/engine');
  const { folder, state } = cudaFiles(env);
  if (state === 'absent') return { folder, removed: false, remains: await removeLeftBehind(folder) };
  await using _lock = await lockDevices(folder);
  try {
    const remains = await removeRemains(folder);
    // Out of sight in one step: no process starts with half of it.
    const removed = `${join(dirname(folder), REMOVED)}${process.pid}`;
    await rename(folder, removed);
    await rm(removed, { recursive: true, force: true });
    return { folder, removed: true, remains };
  } catch (thrown) {
    if (isMissing(thrown)) return { folder, removed: false, remains: nothing };
    throw writeFailure(folder, thrown);
  }
}

/** What processes that were killed while they installed or removed have left. */
export interface Remains {
  readonly files: readonly string[];
  readonly bytes: number;
}

const nothing: Remains = { files: [], bytes: 0 };

/**
 * Finds remains, without those of processes that still run; what has this process's number was left by an earlier one.
 *
 * @param folder where CUDA is installed
 */
export async function leftBehind(folder: string): Promise<Remains> {
  const { hasNumber } = await import('@easel/embedded-postgres');
  const devices = dirname(folder);
  const names = (await ifPresent(readdir(devices))) ?? [];
  const dead = names.filter((name) => {
    const prefix = [DRAFT, REMOVED].find((each) => name.startsWith(each));
    const pid = Number(prefix === undefined ? undefined : name.slice(prefix.length));
    return pid > 0 && (pid === process.pid || !hasNumber(pid));
  });
  return measured(dead.map((name) => join(devices, name)));
}

/** Removes remains unless another process installs or removes CUDA, whose files these may be. @returns what was removed */
export async function removeLeftBehind(folder: string): Promise<Remains> {
  const { tryFileLock } = await import('@easel/embedded-postgres');
  if ((await leftBehind(folder)).files.length === 0) return nothing;
  try {
    const attempt = await tryFileLock(join(dirname(folder), LOCK));
    if (!('lock' in attempt)) return nothing;
    try {
      return await removeRemains(folder);
    } finally {
      await attempt.lock.release();
    }
  } catch (thrown) {
    throw writeFailure(folder, thrown);
  }
}

async function measured(files: readonly string[]): Promise<Remains> {
  let bytes = 0;
  for (const file of files) {
    for (const entry of (await ifPresent(readdir(file, { recursive: true }))) ?? [])
      bytes += (await ifPresent(stat(join(file, entry))))?.size ?? 0;
  }
  return { files, bytes };
}

const DRAFT = 'cuda.installing-';
const REMOVED = 'cuda.removed-';
const LOCK = 'cuda.lock';
const OTHER_FOLDER = 'choose another folder with EASEL_DEVICES_DIR';

function requirePlatform(platform: string): void {
  if (platform === 'linux-x64') return;
  const others: Readonly<Record<string, string>> = {
    'win32-x64': 'on Windows WebGPU and DirectML need only the driver of the card',
    'win32-arm64': 'on Windows WebGPU and DirectML need only the driver of the card',
    'darwin-arm64': 'on macOS WebGPU needs nothing to be installed',
  };
  throw installFailure(
    `CUDA is supported on Linux x64 only (this is ${platform}): the runtime has no CUDA provider for other platforms`,
    others[platform] ?? 'Easel computes on the CPU here',
  );
}

async function fillFolder(draft: string, { packages }: CudaPlan, options: InstallOptions): Promise<void> {
  const { runtimeLibrary, runtimeVersion } = await import('@easel/engine');
  const { index, signal, onProgress } = options;
  const files: CudaManifest['files'][number][] = [];
  await mkdir(join(draft, 'lib'));
  let finished = 0;
  for (const wheel of packages) {
    const address = await findWheel(index, wheel, signal);
    const archive = join(draft, 'package.whl');
    await downloadWheel(address, archive, wheel, {
      index,
      signal,
      onProgress: (bytes) => onProgress(wheel, finished + bytes),
    });
    finished += wheel.bytes;
    files.push(...(await unpackWheel(archive, wheel, draft, signal)));
    await rm(archive);
  }
  // A copy, not a link: node_modules may be replaced, moved or removed.
  const runtime = join('lib', basename(runtimeLibrary()));
  await copyFile(runtimeLibrary(), join(draft, runtime));
  files.push({ path: runtime, ...(await describeFile(join(draft, runtime))) });
  const manifest: CudaManifest = {
    runtime: runtimeVersion(),
    packages: packages.map(({ name, version }) => ({ name, version })),
    files,
  };
  await using output = await open(join(draft, 'manifest.json'), 'wx');
  await output.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
  await output.sync();
}

async function unpackWheel(
  archive: string,
  { name, libraries, notices }: PinnedWheel,
  draft: string,
  signal: AbortSignal,
) {
  await using wheel = await Wheel.open(archive);
  const licences = join('licences', name);
  await mkdir(join(draft, licences), { recursive: true });
  const wanted = [
    ...libraries.map((member) => [member, join('lib', basename(member))] as const),
    ...notices.map((member) => [member, join(licences, basename(member))] as const),
  ];
  const files: CudaManifest['files'][number][] = [];
  for (const [member, path] of wanted) {
    files.push({ path, ...(await wheel.unpack(member, join(draft, path), signal)) });
  }
  return files;
}

/** An engine that runs keeps the files that it has loaded. */
async function replaceFolder(draft: string, folder: string): Promise<void> {
  const former = `${join(dirname(folder), REMOVED)}${process.pid}`;
  await rename(folder, former).catch((thrown: unknown) => {
    if (!isMissing(thrown)) throw thrown;
  });
  try {
    await rename(draft, folder);
  } catch (thrown) {
    await ifPresent(rename(former, folder));
    throw thrown;
  }
  await rm(former, { recursive: true, force: true });
}

/** Needs the lock. */
async function removeRemains(folder: string): Promise<Remains> {
  const remains = await leftBehind(folder);
  for (const file of remains.files) await rm(file, { recursive: true });
  return remains;
}

/** One process at a time installs or removes. Another one is refused: it would wait for minutes. */
async function lockDevices(folder: string): Promise<AsyncDisposable> {
  const { tryFileLock } = await import('@easel/embedded-postgres');
  const devices = dirname(folder);
  try {
    createFolder(devices);
    const attempt = await tryFileLock(join(devices, LOCK));
    if ('lock' in attempt) return { [Symbol.asyncDispose]: () => attempt.lock.release() };
    const { pid, since } = attempt.holder;
    throw installFailure(`process ${pid} is installing or removing CUDA since ${since}`, 'wait until it has ended');
  } catch (thrown) {
    throw writeFailure(folder, thrown);
  }
}

function writeFailure(folder: string, thrown: unknown): unknown {
  const cause = hasCode(thrown, 'output_unwritable', 'disk_full') ? thrown.cause : thrown;
  const code = isCodedError(cause) ? undefined : systemCode(cause);
  if (code === undefined) return thrown;
  const message = `cannot write in ${dirname(folder)}: ${whyNoFolder(cause)}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CodedError('disk_full', `${message}; nothing was installed`, {
      remedy: `free some space, or ${OTHER_FOLDER}`,
      cause: thrown,
    });
  }
  return installFailure(message, OTHER_FOLDER, thrown);
}

async function describeFile(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

/** In the file system of the nearest folder that exists. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (thrown) {
    if (dirname(folder) === folder) throw thrown;
    return freeBytes(dirname(folder));
  }
}
