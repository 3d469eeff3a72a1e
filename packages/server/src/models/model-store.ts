import { resolve } from 'node:path';
import type { InstalledModels } from '@easel/contract';
import { CodedError, isCodedError, messageOf } from '@easel/errors';
import {
  acceptLicence,
  findInstalled,
  type InstalledModel,
  installedModels,
  knownModels,
  type PullLicence,
  planPull,
  referenceOf,
  removeInstalled,
  requireReference,
  resolveModel,
  runPull,
  type Variant,
} from '@easel/models';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';

export interface PullOrder {
  readonly name: string;
  readonly variant?: Variant | undefined;
  readonly acceptLicence: boolean;
}

/** A download of this process, as it is now. */
export interface PullRecord {
  readonly id: string;
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
  readonly bytesPerSecond: number | null;
  readonly waitsFor: number | null;
  readonly licence: Pick<PullLicence, 'name' | 'link'> | null;
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string } | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

interface Pull {
  record: PullRecord;
  readonly controller: AbortController;
  ended: Promise<void>;
}

export interface ModelStoreOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names or paths of the models that the server offers, which must stay. */
  readonly offered: readonly string[];
}

/** Another process may work on the same repository. */
const REMOVAL_MS = 20_000;
/** Of those that have ended, the newest are kept to be shown. */
const KEPT = 20;
/** More would only share the same connection. */
const MOST_AT_A_TIME = 3;

/** The names that can be pulled, as the API lists them. */
export const availableModels: readonly InstalledModels['available'][number][] = knownModels.map(
  ({ name, title, kind, bytes, licence }) => ({ name, title, kind, bytes: bytes.fp16 ?? 0, licence }),
);

/** The models on the server's disk, and the downloads that administrators start. They end with the server; a new one resumes there. */
export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #pulls = new Map<string, Pull>();

  constructor(options: ModelStoreOptions) {
    this.#options = options;
  }

  async list(): Promise<{ readonly model: InstalledModel; readonly isInUse: boolean }[]> {
    const models = await installedModels(this.#options.env);
    return models.map((model) => ({ model, isInUse: this.#isInUse(model) }));
  }

  /** Newest first. */
  pulls(): PullRecord[] {
    return [...this.#pulls.values()].map(({ record }) => record).reverse();
  }

  /** Starts a download, or gives the one that runs already. @throws DomainError `invalid_request`, `conflict` */
  start(order: PullOrder): PullRecord {
    const wanted = JSON.stringify(asRequest(() => requireReference(order.name)));
    const running = [...this.#pulls.values()].filter(({ record }) => record.state === 'running');
    const same = running.find(({ record }) => JSON.stringify(referenceOf(record.name)) === wanted);
    if (same !== undefined) return same.record;
    if (running.length >= MOST_AT_A_TIME) {
      throw new DomainError('conflict', `${running.length} models are being downloaded`, {
        remedy: 'wait until one has ended, or cancel one',
      });
    }
    const pull: Pull = { record: newRecord(order.name), controller: new AbortController(), ended: Promise.resolve() };
    this.#pulls.set(pull.record.id, pull);
    pull.ended = this.#run(pull, order);
    const ended = [...this.#pulls].filter(([, { record }]) => record.state !== 'running');
    for (const [id] of ended.slice(0, Math.max(0, ended.length - KEPT))) this.#pulls.delete(id);
    return pull.record;
  }

  /** @throws DomainError `not_found` */
  async cancel(id: string): Promise<PullRecord> {
    const pull = this.#pulls.get(id);
    if (pull === undefined)
      throw new DomainError('not_found', 'there is no such download; the server may have restarted since');
    pull.controller.abort(new Error('cancelled'));
    await pull.ended;
    return pull.record;
  }

  /** @returns the bytes that are free again @throws DomainError `invalid_request`, `not_found`, `conflict` */
  async remove(name: string): Promise<{ readonly name: string; readonly freedBytes: number }> {
    const { env } = this.#options;
    const reference = asRequest(() => requireReference(name));
    const model = await findInstalled(name, env).catch((thrown: unknown) => {
      throw new DomainError('not_found', messageOf(thrown), { cause: thrown });
    });
    if (this.#isInUse(model)) {
      throw new DomainError('conflict', `this server offers ${model.name}`, {
        remedy: 'take it out of the settings, restart the server, and remove it then',
      });
    }
    const isPulled = [...this.#pulls.values()].some(
      ({ record }) => record.state === 'running' && referenceOf(record.name)?.repo === reference.repo,
    );
    if (isPulled)
      throw new DomainError('conflict', `${name} is being downloaded`, { remedy: 'cancel the download first' });
    return { name: model.name, freedBytes: await removeInstalled(model, env, AbortSignal.timeout(REMOVAL_MS)) };
  }

  /** Stops the downloads; what has arrived stays. */
  async close(): Promise<void> {
    const running = [...this.#pulls.values()];
    for (const { controller } of running) controller.abort(new Error('the server stops'));
    await Promise.all(running.map(({ ended }) => ended));
  }

  async #run(pull: Pull, { name, variant, acceptLicence: accepts }: PullOrder): Promise<void> {
    const { env } = this.#options;
    const { signal } = pull.controller;
    const change = (changes: Partial<PullRecord>) => {
      pull.record = { ...pull.record, ...changes };
    };
    try {
      let plan = await planPull({ name, variant }, { env, signal });
      const { repo } = plan.reference;
      change({ totalBytes: plan.bytes, receivedBytes: plan.bytes - plan.missingBytes, licence: plan.licence });
      if (accepts && plan.licence.needsAcceptance && !plan.licence.isAccepted) {
        await acceptLicence(repo, plan.licence, env);
        plan = { ...plan, licence: { ...plan.licence, isAccepted: true } };
      }
      await runPull(
        plan,
        { env, signal },
        {
          onProgress: ({ receivedBytes, bytesPerSecond = null }) =>
            change({ receivedBytes, bytesPerSecond, waitsFor: null }),
          onWaiting: ({ pid }) => change({ waitsFor: pid }),
        },
      );
      change({ state: 'succeeded', receivedBytes: plan.bytes });
    } catch (thrown) {
      change(signal.aborted ? { state: 'cancelled' } : { state: 'failed', error: errorOf(thrown) });
    }
    change({ endedAt: new Date(), bytesPerSecond: null, waitsFor: null });
  }

  #isInUse({ path }: InstalledModel): boolean {
    return path !== undefined && this.#options.offered.some((name) => this.#pathOf(name) === resolve(path));
  }

  #pathOf(name: string): string | undefined {
    try {
      return resolve(resolveModel(name, this.#options.env));
    } catch {
      return undefined; // it is not there, so it is not this one
    }
  }
}

function newRecord(name: string): PullRecord {
  return {
    ...{ id: newId(), name, state: 'running', receivedBytes: 0, totalBytes: null, bytesPerSecond: null },
    ...{ waitsFor: null, licence: null, error: null, startedAt: new Date(), endedAt: null },
  };
}

/** What is wrong with the name is wrong with the request. */
function asRequest<Found>(read: () => Found): Found {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw new DomainError('invalid_request', thrown.message, { param: 'name', remedy: thrown.remedy, cause: thrown });
  }
}

function errorOf(thrown: unknown): NonNullable<PullRecord['error']> {
  if (!isCodedError(thrown))
    return { code: 'internal', message: messageOf(thrown), remedy: 'please report it, with the whole message' };
  const { code, message, remedy = '' } = thrown;
  if (code !== 'licence_not_accepted') return { code, message, remedy };
  return { code, message, remedy: remedy.replace('add --accept-license', 'send it again with accept_license') };
}
