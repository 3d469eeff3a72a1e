import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCodedError } from '@easel/errors';
import { onTestFinished } from 'vitest';
import { planPull, runPull } from '../src/index.ts';
import type { PullContext, PullEvents, PullRequest } from '../src/pull.ts';
import { content, type FakeHub, type FakeRepo, type Files, startHub } from './fake-hub.ts';

export const FIRST = '1'.repeat(40);
export const SECOND = '2'.repeat(40);
export const REPO = 'acme/painter';

export function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'easel-hub-')));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export interface Place {
  readonly hub: FakeHub;
  readonly cache: string;
  readonly repoFolder: string;
  readonly context: PullContext;
}

/** A Hub with one repository, and an empty cache. */
export async function place(
  files: Files,
  { env = {}, ...own }: Partial<FakeRepo> & { env?: Record<string, string> } = {},
): Promise<Place> {
  const home = folder();
  const hub = await startHub({
    [REPO]: { commits: { [FIRST]: files }, main: FIRST, card: { license: 'mit' }, ...own },
  });
  const context = {
    env: { HOME: home, HF_ENDPOINT: hub.url, XDG_DATA_HOME: join(home, 'data'), ...env },
    signal: new AbortController().signal,
    retryMs: 1,
    partBytes: 32_768,
  };
  const cache = join(home, '.cache', 'huggingface', 'hub');
  return { hub, cache, repoFolder: join(cache, 'models--acme--painter'), context };
}

export async function pull(
  { context }: Pick<Place, 'context'>,
  request: Partial<PullRequest> = {},
  { check = false, onProgress }: { check?: boolean; onProgress?: PullEvents['onProgress'] } = {},
) {
  const plan = await planPull({ name: REPO, ...request }, context);
  await runPull(plan, context, { ...(onProgress && { onProgress }) }, check);
  return plan;
}

/** Does something once so many bytes have arrived, and not only been sent. */
export class Arrivals {
  #bytes = 0;
  readonly onProgress = ({ receivedBytes }: { readonly receivedBytes: number }) => {
    this.#bytes = receivedBytes;
  };

  reach(bytes: number, then: () => void): void {
    if (this.#bytes >= bytes) then();
    else setTimeout(() => this.reach(bytes, then), 2);
  }
}

export async function failure(work: Promise<unknown>) {
  const thrown: unknown = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (!isCodedError(thrown)) throw thrown;
  return { code: thrown.code, text: `${thrown.message}; ${thrown.remedy}` };
}

export const single = { 'model.safetensors': content(300_000) } satisfies Files;
export const weights = single['model.safetensors'];
export const pathOf = ({ repoFolder }: Place, commit = FIRST) =>
  join(repoFolder, 'snapshots', commit, 'model.safetensors');
export const rangesAsked = ({ hub }: Place) => hub.asked.filter(({ at }) => at === 'store').map(({ range }) => range);
