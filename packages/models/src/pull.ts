import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, ifPresent } from '@easel/errors';
import { knownModel, nameOfReference } from './catalogue.ts';
import { type ChosenFiles, chooseFiles, type Variant } from './choose-files.ts';
import { freeBytes, hasDigest, RepoCache } from './hub/cache.ts';
import { Hub, type HubFile } from './hub/hub.ts';
import { type Environment, type HubSettings, hubSettings, useProxies } from './hub/settings.ts';
import { incompleteOf, transferFiles, writeFailure } from './hub/transfer.ts';
import { refuseFolderModel, requireReference } from './installed.ts';
import { licenceState, type PullLicence, requireAccepted } from './licences.ts';
import { formatReference, type HubReference } from './reference.ts';

export interface PullRequest {
  /** A name, or `owner/repo[@revision][:file]`. */
  readonly name: string;
  /** Default: fp16. */
  readonly variant?: Variant | undefined;
}

export interface PullContext {
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** For tests: the first pause before a retry, and the size of a part. */
  readonly retryMs?: number;
  readonly partBytes?: number;
}

/** What a pull downloads, worked out before anything is written. */
export interface PullPlan {
  /** As it is called afterwards. */
  readonly name: string;
  readonly reference: HubReference;
  /** What everything is downloaded of, whatever the branch becomes meanwhile. */
  readonly commit: string;
  readonly form: ChosenFiles['form'];
  readonly files: readonly HubFile[];
  readonly bytes: number;
  /** Of these, what is not in the cache yet. */
  readonly missingBytes: number;
  readonly freeBytes: number;
  readonly licence: PullLicence;
  /** Where the model will be. */
  readonly path: string;
}

export interface PullProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; undefined: nothing is known yet. */
  readonly bytesPerSecond: number | undefined;
}

export interface PullEvents {
  readonly onProgress?: (progress: PullProgress) => void;
  /** Another process is working on the same repository. */
  readonly onWaiting?: (holder: { readonly pid: number; readonly since: string }) => void;
}

/**
 * Asks the Hub what there is to download.
 *
 * @throws CodedError `usage`, `model_not_found`, `model_unsupported`, `download_refused`, `download_failed`, `offline`
 * @example const plan = await planPull({ name: 'playground-v2.5' }, { env: process.env, signal });
 */
export async function planPull({ name, variant = 'fp16' }: PullRequest, context: PullContext): Promise<PullPlan> {
  refuseFolderModel(name, context.env);
  const reference = requireReference(name);
  const settings = hubSettings(context.env);
  refuseOffline(settings, name);
  useProxies(context.env);
  const hub = new Hub(settings, context);
  const { repo, revision } = reference;
  const { commit, licence: card } = await hub.revision(repo, revision);
  const chosen = chooseFiles(await hub.list(repo, commit), reference, variant);
  const cache = new RepoCache(settings.cache, repo);
  const present = await Promise.all(chosen.files.map((file) => cache.has(commit, file)));
  const missing = chosen.files.filter((_, index) => present[index] === undefined);
  const known = knownModel(nameOfReference(reference) ?? '');
  const isSame = known !== undefined && (card === undefined || card.name.toLowerCase() === known.licence.name);
  const link = linkOf(repo, settings, isSame ? known.licence.link : card?.link);
  return {
    name: known !== undefined && revision === 'main' ? known.name : formatReference(reference),
    ...{ reference, commit, form: chosen.form },
    files: inOrder(chosen),
    bytes: sum(chosen.files),
    missingBytes: sum(missing),
    freeBytes: freeBytes(settings.cache),
    licence: await licenceState(repo, { name: card?.name ?? known?.licence.name, link }, context.env),
    path: chosen.form === 'file' ? cache.file(commit, chosen.last) : cache.snapshot(commit),
  };
}

/**
 * Downloads what was planned, checks it, and puts it into the cache. Nothing of it is visible to programs before all is there. Whatever
 * stops it, the next attempt goes on where this one ended.
 *
 * @param check also checks the files that are there already, and downloads damaged ones again
 * @throws CodedError `licence_not_accepted`, `disk_full`, `download_failed`, `download_refused`, `download_corrupt`
 */
export async function runPull(
  plan: PullPlan,
  context: PullContext,
  events: PullEvents = {},
  check = false,
): Promise<void> {
  requireAccepted(plan.reference.repo, plan.licence);
  const settings = hubSettings(context.env);
  const { repo, revision } = plan.reference;
  const { commit } = plan;
  const cache = new RepoCache(settings.cache, repo);
  await using _lock = await lockRepo(settings, cache, context.signal, events.onWaiting);
  if (check) await removeDamaged(cache, plan, context.signal);
  const present = await Promise.all(plan.files.map((file) => cache.has(commit, file)));
  const missing = plan.files.filter((_, index) => present[index] === undefined);
  requireSpace(settings, sum(missing) - (await incompleteBytes(cache, missing)));
  const totalBytes = plan.bytes;
  const rate = new Rate(totalBytes - sum(missing));
  const report = () => events.onProgress?.({ receivedBytes: rate.bytes, totalBytes, bytesPerSecond: rate.perSecond });
  report();
  await mkdir(join(cache.folder, 'blobs'), { recursive: true });
  const hub = new Hub(settings, context);
  const transfers = [...new Map(missing.map((file) => [file.digest.hex, file])).values()].map((file) => ({
    source: hub.source(repo, commit, file),
    ...{ bytes: file.bytes, digest: file.digest, place: cache.blob(file.digest) },
  }));
  await transferFiles(transfers, {
    signal: context.signal,
    partBytes: context.partBytes,
    onBytes: (bytes, isNew) => {
      rate.add(bytes, isNew);
      report();
    },
  });
  // One after another, the one last that programs look for.
  await cache.addToRecord(commit, plan.files);
  for (const file of plan.files) {
    if ((await cache.has(commit, file)) !== 'linked') await cache.link(commit, file, settings.symlinks);
  }
  await cache.writeRef(revision, commit);
}

/** Only one process works on a repository. It is waited for: what it downloads need not be downloaded again. */
export async function lockRepo(
  settings: Pick<HubSettings, 'cache'>,
  { folder }: RepoCache,
  signal: AbortSignal,
  onWaiting?: PullEvents['onWaiting'],
): Promise<AsyncDisposable> {
  const { tryFileLock } = await import('@easel/embedded-postgres');
  const place = join(settings.cache, '.locks', basename(folder));
  await mkdir(place, { recursive: true }).catch((thrown: unknown) => {
    throw writeFailure(place, thrown);
  });
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const attempt = await tryFileLock(join(place, 'easel.lock')).catch((thrown: unknown) => {
      throw writeFailure(place, thrown);
    });
    if ('lock' in attempt) return { [Symbol.asyncDispose]: () => attempt.lock.release() };
    if (isFirst) onWaiting?.(attempt.holder);
    await sleep(200, undefined, { signal });
  }
}

async function removeDamaged(cache: RepoCache, { commit, files }: PullPlan, signal: AbortSignal): Promise<void> {
  for (const file of files) {
    const state = await cache.has(commit, file);
    if (state === undefined) continue;
    const place = state === 'linked' ? cache.file(commit, file.path) : cache.blob(file.digest);
    if (await hasDigest(place, file.digest, signal)) continue;
    await rm(cache.file(commit, file.path), { force: true });
    await rm(cache.blob(file.digest), { force: true });
  }
}

/** @throws CodedError `disk_full` before anything is downloaded */
function requireSpace({ cache }: HubSettings, neededBytes: number): void {
  const free = freeBytes(cache);
  if (free >= neededBytes) return;
  throw new CodedError(
    'disk_full',
    `${gigabytes(neededBytes)} are needed in ${cache}, and ${gigabytes(free)} are free; nothing was downloaded`,
    {
      remedy:
        'free some space (easel list shows the models of this machine, easel remove deletes one), or set HF_HUB_CACHE to another folder',
    },
  );
}

/** What earlier attempts have left on the disk; these files have gaps. */
async function incompleteBytes(cache: RepoCache, files: readonly HubFile[]): Promise<number> {
  const facts = await Promise.all(files.map(({ digest }) => ifPresent(stat(incompleteOf(cache.blob(digest))))));
  return facts.reduce((total, fact) => total + (fact === undefined ? 0 : Math.min(fact.size, fact.blocks * 512)), 0);
}

function refuseOffline({ isOffline }: HubSettings, name: string): void {
  if (!isOffline) return;
  throw new CodedError('offline', `${name} is not downloaded: HF_HUB_OFFLINE is set`, {
    remedy: 'unset HF_HUB_OFFLINE (and TRANSFORMERS_OFFLINE); easel list shows what is on this machine',
  });
}

/** The file that programs look for comes last. */
function inOrder({ files, last }: ChosenFiles): HubFile[] {
  return [...files.filter(({ path }) => path !== last), ...files.filter(({ path }) => path === last)];
}

/** A model card may give the path of its licence in the repository, or none: then its page says more. */
function linkOf(repo: string, { endpoint }: HubSettings, link: string | undefined): string | undefined {
  const page = `${endpoint.href.replace(/\/$/, '')}/${repo}`;
  return link === undefined ? page : URL.parse(link, `${page}/blob/main/`)?.href;
}

function sum(files: readonly HubFile[]): number {
  return [...new Map(files.map((file) => [file.digest.hex, file.bytes])).values()].reduce(
    (total, bytes) => total + bytes,
    0,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Speed is that of the last seconds. */
const WINDOW_MS = 8000;

class Rate {
  bytes: number;
  #arrived = 0;
  #samples: readonly (readonly [ms: number, arrived: number])[] = [];

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @param isNew whether it was downloaded now, and not by an earlier attempt */
  add(bytes: number, isNew: boolean): void {
    this.bytes += bytes;
    if (!isNew) return;
    this.#arrived += Math.max(0, bytes);
    const now = performance.now();
    const [newest = Number.NEGATIVE_INFINITY] = this.#samples.at(-1) ?? [];
    if (now - newest < 200) return;
    this.#samples = [...this.#samples.filter(([ms]) => now - ms < WINDOW_MS), [now, this.#arrived]];
  }

  get perSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last[0] - first[0] < 500) return undefined;
    return ((last[1] - first[1]) * 1000) / (last[0] - first[0]);
  }
}
