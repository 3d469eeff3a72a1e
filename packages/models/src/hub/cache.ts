import { createReadStream, type Dirent, existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ifPresent, isMissing, systemCode } from '@easel/errors';
import type { HubFile } from './hub.ts';
import { type Digest, newHash } from './partial-file.ts';

/**
 * The cache that Python's `huggingface_hub` has, too ("Understand caching" in its documentation):
 *
 *     models--OWNER--NAME/blobs/HASH                 the content of files
 *     models--OWNER--NAME/refs/main                  the commit that a branch was last
 *     models--OWNER--NAME/snapshots/COMMIT/PATH      links to blobs
 *     models--OWNER--NAME/easel/COMMIT.json          ours: what a pull wanted, for `verify` where links are not possible
 */
export class RepoCache {
  readonly repo: string;
  readonly folder: string;

  constructor(cache: string, repo: string) {
    this.repo = repo;
    this.folder = join(cache, `models--${repo.replace('/', '--')}`);
  }

  blob({ hex }: Digest): string {
    return join(this.folder, 'blobs', hex);
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** Where a file of a commit is for programs. */
  file(commit: string, path: string): string {
    return join(this.snapshot(commit), ...path.split('/'));
  }

  /** The commit that a branch, tag or commit is in the cache; undefined: it is not there. */
  commitOf(revision: string): string | undefined {
    if (/^[0-9a-f]{40}$/.test(revision)) return existsSync(this.snapshot(revision)) ? revision : undefined;
    try {
      const commit = readFileSync(join(this.folder, 'refs', ...revision.split('/')), 'utf8').trim();
      return /^[0-9a-f]{40}$/.test(commit) && existsSync(this.snapshot(commit)) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  /** The commits that are there, whole or not. */
  async commits(): Promise<string[]> {
    const names = (await ifPresent(readdir(join(this.folder, 'snapshots')))) ?? [];
    return names.filter((name) => /^[0-9a-f]{40}$/.test(name)).sort();
  }

  /** The branches and tags that are this commit. */
  async refsTo(commit: string): Promise<string[]> {
    const folder = join(this.folder, 'refs');
    const entries = (await ifPresent(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
    const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(names.map((name) => readFile(name, 'utf8')));
    return names
      .filter((_, index) => texts[index]?.trim() === commit)
      .map((name) => relative(folder, name).split(sep).join('/'));
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit) return;
    await replaceFile(join(this.folder, 'refs', ...revision.split('/')), commit);
  }

  /** Whether a file of a commit is there with its size, under its name or as a blob. */
  async has(commit: string, { path, bytes, digest }: HubFile): Promise<'linked' | 'blob' | undefined> {
    if ((await sizeOf(this.file(commit, path))) === bytes) return 'linked';
    return (await sizeOf(this.blob(digest))) === bytes ? 'blob' : undefined;
  }

  /**
   * Gives a blob its name in a commit: by a link, which is relative, so that the cache can be moved. Where there are none it is copied,
   * or, where that would take much space, moved, as `huggingface_hub` does it.
   */
  async link(commit: string, { path, bytes, digest }: HubFile, symlinks: boolean): Promise<void> {
    const name = this.file(commit, path);
    await mkdir(dirname(name), { recursive: true });
    const draft = `${name}.easel-${process.pid}`;
    await rm(draft, { force: true });
    const isLinked =
      symlinks &&
      (await symlink(relative(dirname(name), this.blob(digest)), draft).then(
        () => true,
        (thrown: unknown) => {
          if (!NO_SYMLINKS.has(systemCode(thrown) ?? '')) throw thrown;
          return false;
        },
      ));
    if (!isLinked && bytes <= COPIED_BYTES) await copyFile(this.blob(digest), draft); // more than one file may have this content
    await rename(isLinked || bytes <= COPIED_BYTES ? draft : this.blob(digest), name);
  }

  /** The files of a commit that are there, with what their content must be where that is known. */
  async files(commit: string): Promise<CachedFile[]> {
    const folder = this.snapshot(commit);
    const wanted = new Map((await this.record(commit)).map((file) => [file.path, file]));
    const entries = (await ifPresent(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
    const found = await Promise.all(
      entries.filter((entry) => !entry.isDirectory()).map((entry) => this.#describe(folder, entry)),
    );
    const files = found.map((file) => ({ ...file, digest: file.digest ?? wanted.get(file.path)?.digest }));
    const present = new Set(files.map(({ path }) => path));
    const missing = [...wanted.values()].filter(({ path }) => !present.has(path));
    const absent = missing.map(({ path, digest }) => ({
      path,
      bytes: undefined,
      digest,
      place: this.file(commit, path),
    }));
    return [...files, ...absent].sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  async #describe(folder: string, entry: Dirent): Promise<CachedFile> {
    const name = join(entry.parentPath, entry.name);
    const path = relative(folder, name).split(sep).join('/');
    const bytes = await sizeOf(name);
    if (!entry.isSymbolicLink()) return { path, bytes, digest: undefined, place: name };
    const place = resolve(entry.parentPath, await readlink(name));
    return { path, bytes, digest: digestOfName(basename(place)), place };
  }

  /** What pulls wanted of a commit. */
  async record(commit: string): Promise<HubFile[]> {
    const text = await ifPresent(readFile(this.#record(commit), 'utf8'));
    return text === undefined ? [] : parseRecord(text);
  }

  async addToRecord(commit: string, files: readonly HubFile[]): Promise<void> {
    const all = new Map([...(await this.record(commit)), ...files].map((file) => [file.path, file]));
    await replaceFile(this.#record(commit), `${JSON.stringify({ files: [...all.values()] }, null, 1)}\n`);
  }

  /** Forgets some files of a commit, or all; the contents that no other commit has are deleted. @returns the bytes that were freed */
  async remove(commit: string, paths?: readonly string[]): Promise<number> {
    const files = await this.files(commit);
    const going = paths === undefined ? files : files.filter(({ path }) => paths.includes(path));
    const isAll = going.length === files.length;
    if (isAll) {
      for (const ref of await this.refsTo(commit))
        await rm(join(this.folder, 'refs', ...ref.split('/')), { force: true });
      await rm(this.snapshot(commit), { recursive: true, force: true });
      await rm(this.#record(commit), { force: true });
    } else {
      const rest = (await this.record(commit)).filter(({ path }) => !paths?.includes(path));
      await replaceFile(this.#record(commit), `${JSON.stringify({ files: rest }, null, 1)}\n`);
      for (const { path } of going) await rm(this.file(commit, path), { force: true });
    }
    const used = new Set(
      (await Promise.all((await this.commits()).map((other) => this.files(other)))).flat().map(({ place }) => place),
    );
    let freed = 0;
    for (const { place, bytes = 0 } of new Map(going.map((file) => [file.place, file])).values()) {
      if (used.has(place)) continue;
      await rm(place, { force: true });
      freed += bytes;
    }
    if ((await this.commits()).length === 0) freed += await this.#removeAll();
    return freed;
  }

  /** What is left of a repository without a commit: parts of downloads, and contents that nothing names. */
  async #removeAll(): Promise<number> {
    const entries = (await ifPresent(readdir(join(this.folder, 'blobs'), { withFileTypes: true }))) ?? [];
    const sizes = await Promise.all(entries.map((entry) => sizeOf(join(entry.parentPath, entry.name))));
    await rm(this.folder, { recursive: true, force: true });
    return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  }

  #record(commit: string): string {
    return join(this.folder, 'easel', `${commit}.json`);
  }
}

/** A file of a commit in the cache. */
export interface CachedFile {
  readonly path: string;
  /** Undefined: it is missing. */
  readonly bytes: number | undefined;
  /** Undefined: nothing says what it must be. */
  readonly digest: Digest | undefined;
  /** Where its content is. */
  readonly place: string;
}

/** The repositories of models in the cache. */
export function cachedRepos(cache: string): RepoCache[] {
  try {
    return readdirSync(cache)
      .flatMap((name) => /^models--(.+?)--(.+)$/.exec(name)?.slice(1).join('/') ?? [])
      .sort()
      .map((repo) => new RepoCache(cache, repo));
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** Whether a file has the content that it must have. */
export async function hasDigest(path: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
  const hash = newHash(digest, (await stat(path)).size);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest('hex') === digest.hex;
}

/** What is free in the file system of the nearest folder that exists. */
export function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (thrown) {
    if (dirname(folder) === folder || !isMissing(thrown)) throw thrown;
    return freeBytes(dirname(folder));
  }
}

/** What is small enough to be there twice. */
const COPIED_BYTES = 16 << 20;

/** What systems answer that do not have them, or not for everybody. */
const NO_SYMLINKS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'UNKNOWN']);

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}

/** Of what a name leads to; undefined: to nothing. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await ifPresent(stat(path)))?.size;
}

function digestOfName(name: string): Digest | undefined {
  if (/^[0-9a-f]{64}$/.test(name)) return { kind: 'sha256', hex: name };
  return /^[0-9a-f]{40}$/.test(name) ? { kind: 'git', hex: name } : undefined;
}

function parseRecord(text: string): HubFile[] {
  try {
    const value: unknown = JSON.parse(text);
    const files: unknown = typeof value === 'object' && value !== null && 'files' in value ? value.files : undefined;
    return Array.isArray(files) ? files.filter(isRecorded) : [];
  } catch {
    return [];
  }
}

function isRecorded(file: unknown): file is HubFile {
  if (typeof file !== 'object' || file === null || !('path' in file && 'bytes' in file && 'digest' in file))
    return false;
  const { digest } = file;
  const hex = typeof digest === 'object' && digest !== null && 'hex' in digest ? digest.hex : undefined;
  return typeof file.path === 'string' && typeof file.bytes === 'number' && typeof hex === 'string';
}
