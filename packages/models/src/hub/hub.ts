import { CodedError } from '@easel/errors';
import { licenceOf, type ModelLicence } from '../model-card.ts';
import { isSafePath } from '../reference.ts';
import type { Digest } from './partial-file.ts';
import {
  answerOf,
  Interrupted,
  MAX_REDIRECTS,
  networkReason,
  type PauseOptions,
  pauseAfter,
  redirectOf,
  requestOnce,
  Silence,
} from './requests.ts';
import type { HubSettings } from './settings.ts';
import type { FileSource } from './transfer.ts';

/** A file of a repository. */
export interface HubFile {
  /** With `/`, whatever the system. */
  readonly path: string;
  readonly bytes: number;
  readonly digest: Digest;
}

/** A repository at one commit. */
export interface HubRevision {
  readonly commit: string;
  /** As its model card says. */
  readonly licence: ModelLicence | undefined;
  /** Whether its terms have to be accepted on the Hub. */
  readonly isGated: boolean;
}

const NETWORK =
  'check the connection and run the command again: it goes on where it stopped. Behind a proxy set HTTPS_PROXY, for a mirror HF_ENDPOINT';

/**
 * Requests to the Hub: with the token, to the Hub only, and with retries. Its library is imported where it is used: a program that only uses models
 * asks for nothing.
 */
export class Hub {
  readonly settings: HubSettings;
  readonly #options: PauseOptions;

  constructor(settings: HubSettings, options: PauseOptions) {
    this.settings = settings;
    this.#options = options;
  }

  /** Which commit a branch or tag is now. Everything after this asks for the commit, so that a push in the middle mixes nothing. */
  async revision(repo: string, revision: string): Promise<HubRevision> {
    const { modelInfo } = await import('@huggingface/hub');
    const found = await this.#ask(`the repository ${repo}`, () =>
      modelInfo({ ...this.#library(repo), name: repo, revision, additionalFields: ['sha', 'cardData'] }),
    );
    const { sha, gated } = found;
    if (typeof sha !== 'string' || !/^[0-9a-f]{40}$/.test(sha))
      throw this.#invalid(`which commit of ${repo} is ${revision}`);
    return {
      commit: sha,
      licence: licenceOf(fieldsOf(found.cardData)),
      isGated: gated === 'auto' || gated === 'manual',
    };
  }

  /** Every file of a commit. @throws CodedError `download_refused` for a path that leads out of the repository */
  async list(repo: string, commit: string): Promise<HubFile[]> {
    const { listFiles } = await import('@huggingface/hub');
    return this.#ask(`the files of ${repo}`, async () => {
      const files: HubFile[] = [];
      const entries = listFiles({
        ...this.#library(repo),
        repo: { type: 'model', name: repo },
        revision: commit,
        recursive: true,
      });
      for await (const { type, path, size, oid, lfs } of entries) {
        if (type !== 'file') continue;
        const digest =
          lfs === undefined ? { kind: 'git' as const, hex: oid } : { kind: 'sha256' as const, hex: lfs.oid };
        const bytes = lfs?.size ?? size;
        if (!isSafePath(path)) {
          throw new CodedError(
            'download_refused',
            `${repo} has a file with the path ${JSON.stringify(path)}, which leads out of its folder`,
            {
              remedy: 'nothing was downloaded; do not use this repository',
            },
          );
        }
        const isValid = Number.isSafeInteger(bytes) && bytes >= 0 && isDigest(digest);
        if (!isValid || digest.hex === undefined) throw this.#invalid(`the file ${path} of ${repo}`);
        files.push({ path, bytes, digest: { kind: digest.kind, hex: digest.hex } });
      }
      return files;
    });
  }

  /** Where the Hub has a file. It redirects to a store, with an address that expires. */
  addressOf(repo: string, commit: string, path: string): URL {
    const place = path.split('/').map(encodeURIComponent).join('/');
    return new URL(`${this.settings.endpoint.href.replace(/\/$/, '')}/${repo}/resolve/${commit}/${place}`);
  }

  /**
   * One request, as `requestOnce`: with the token where it goes to the Hub itself.
   *
   * @throws Interrupted
   */
  request(address: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const { endpoint, token } = this.settings;
    const isHub = token !== undefined && address.origin === endpoint.origin;
    return requestOnce(address, { ...headers, ...(isHub && { authorization: `Bearer ${token}` }) }, signal);
  }

  /** A file of a commit, to be downloaded. */
  source(repo: string, commit: string, { path, bytes }: HubFile): FileSource {
    const what = `${path} of ${repo}`;
    return {
      address: this.addressOf(repo, commit, path),
      request: (address, headers, signal) => this.request(address, headers, signal),
      pause: (failures, interrupted) => this.pause(what, failures, interrupted),
      refusal: (reply) => this.refusal(what, repo, reply),
      wrongLength: (said) =>
        new CodedError('download_corrupt', `${path}: the server ${said}, and ${repo} lists it with ${bytes} bytes`, {
          remedy: 'try again; if it stays, something on the way changes files: check HF_ENDPOINT and HTTPS_PROXY',
        }),
      corrupt: () =>
        new CodedError(
          'download_corrupt',
          `${path} arrived twice with another content than ${repo} has; it was discarded`,
          { remedy: `something on the way changes files: check HF_ENDPOINT and HTTPS_PROXY; else ${NETWORK}` },
        ),
    };
  }

  /** Waits before the next attempt. @throws CodedError `download_failed` once there were too many, or if the server asks for too long */
  pause(what: string, failures: number, interrupted: Interrupted): Promise<void> {
    return pauseAfter(failures, interrupted, this.#options, ({ message, cause }, minutes) =>
      minutes === undefined
        ? new CodedError('download_failed', `${what} cannot be downloaded: ${message}`, { remedy: NETWORK, cause })
        : new CodedError('download_failed', `${what} cannot be downloaded now: ${message}`, {
            remedy: `the server asks to wait ${minutes} minutes; with HF_TOKEN set its limits are higher`,
            cause,
          }),
    );
  }

  /** What a final answer that is no success means. */
  refusal(what: string, repo: string, reply: Response): CodedError {
    const { status } = reply;
    const page = `${this.settings.endpoint.href.replace(/\/$/, '')}/${repo}`;
    const reason = reply.headers.get('x-error-code') ?? '';
    const hasToken = this.settings.token !== undefined;
    const refused = (message: string, remedy: string) => new CodedError('download_refused', message, { remedy });
    if (status === 403 || reason === 'GatedRepo') {
      const remedy = `open ${page}, accept its terms, ${hasToken ? 'and check that the token in HF_TOKEN may read it' : 'make a token and set HF_TOKEN to it'}`;
      return refused(
        `${what} may not be downloaded${hasToken ? ' with this token' : ' without a token'}: ${answerOf(reply)}`,
        remedy,
      );
    }
    if (reason === 'RevisionNotFound')
      return refused(`${repo} has no such revision`, `its branches and tags are on ${page}`);
    if (status === 401 && hasToken) {
      return refused(
        `the Hub did not accept the token for ${what}`,
        'check HF_TOKEN, or the file of `hf auth login`: it may be expired',
      );
    }
    if (status === 401 || status === 404) {
      const remedy = hasToken
        ? `check the name; ${page} should show it`
        : 'check the name; if it is private, set HF_TOKEN';
      return refused(`${what} was not found on the Hub: ${answerOf(reply)}`, remedy);
    }
    return new CodedError('download_failed', `${what} cannot be downloaded: ${answerOf(reply)}`, { remedy: NETWORK });
  }

  /** For the functions of the library: they are given no token, which they would send wherever a list of files goes on. */
  #library(repo: string) {
    return {
      hubUrl: this.settings.endpoint.href.replace(/\/$/, ''),
      fetch: (address: string | URL | Request, init: RequestInit = {}) => this.#get(repo, address, init),
    };
  }

  async #get(repo: string, from: string | URL | Request, { headers }: RequestInit): Promise<Response> {
    let address = new URL(from instanceof Request ? from.url : from);
    const plain = Object.fromEntries(new Headers(headers));
    for (let failures = 0, redirects = 0; ; ) {
      using silence = new Silence(this.#options.signal);
      try {
        const reply = await this.request(address, plain, silence.signal);
        const next = redirectOf(reply, address);
        if (next === undefined && reply.ok) return new Response(await reply.arrayBuffer(), reply);
        await reply.body?.cancel();
        if (next === undefined || ++redirects > MAX_REDIRECTS) throw this.refusal(repo, repo, reply);
        address = next;
      } catch (thrown) {
        this.#options.signal.throwIfAborted();
        if (thrown instanceof CodedError) throw thrown;
        const interrupted =
          thrown instanceof Interrupted ? thrown : new Interrupted(networkReason(thrown), { cause: thrown });
        await this.pause(repo, ++failures, interrupted);
      }
    }
  }

  /** The library throws what it trips over when a server sends something else than the Hub does. */
  async #ask<Found>(what: string, ask: () => Promise<Found>): Promise<Found> {
    try {
      return await ask();
    } catch (thrown) {
      this.#options.signal.throwIfAborted();
      if (thrown instanceof CodedError) throw thrown;
      throw this.#invalid(what, thrown);
    }
  }

  #invalid(what: string, cause?: unknown): CodedError {
    return new CodedError(
      'download_failed',
      `${this.settings.endpoint.origin} sent something that is not valid about ${what}`,
      {
        remedy: 'check HF_ENDPOINT, and that no proxy answers in its place',
        cause,
      },
    );
  }
}

function isDigest({ kind, hex }: { readonly kind: Digest['kind']; readonly hex: unknown }): boolean {
  return typeof hex === 'string' && (kind === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex);
}

function fieldsOf(card: unknown): ReadonlyMap<unknown, unknown> {
  return new Map(typeof card === 'object' && card !== null ? Object.entries(card) : []);
}
