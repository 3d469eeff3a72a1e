import { profileNames } from '@easel/contract';
import type { Database } from '../database/database.ts';
import type { ModelCard } from '../models/model-card.ts';
import type { Painter } from '../models/painter.ts';
import { devicesOf, findLiveEngines, type LiveEngines, profilesOf } from './live-engines.ts';

/** Workers tell of themselves every two seconds. */
const FRESH_MS = 1000;

interface CurrentModelsOptions {
  readonly database: Pick<Database, 'transaction'>;
  readonly painter: Pick<Painter, 'models' | 'refreshModels'>;
}

/** The models as the engines have them that run now, on all workers: on which devices, and what can be asked of them there. */
export class CurrentModels {
  readonly #options: CurrentModelsOptions;
  #engines: LiveEngines = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(options: CurrentModelsOptions) {
    this.#options = options;
  }

  /** While the database is away they are as they were last. */
  async list(): Promise<readonly ModelCard[]> {
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#options.painter.models().map((card) => onEngines(card, this.#engines.get(card.slug) ?? []));
  }

  async of(card: ModelCard): Promise<ModelCard> {
    return (await this.list()).find(({ slug }) => slug === card.slug) ?? card;
  }

  async #read(): Promise<void> {
    const { database, painter } = this.#options;
    await painter.refreshModels();
    try {
      this.#engines = await database.transaction((queries) => findLiveEngines(queries));
    } catch {
      // What needs the database says what is wrong with it.
    }
    this.#readAt = performance.now();
  }
}

/** The files tell what a model can do on the CPU, its engines what it can do where it runs. */
function onEngines(card: ModelCard, engines: Parameters<typeof profilesOf>[0]): ModelCard {
  const devices = devicesOf(engines);
  const profiles = profilesOf(engines);
  if (profiles === null) return { ...card, devices };
  const others = devices.filter(({ name }) => name !== 'cpu').map(({ title }) => title);
  const because =
    profiles.length === profileNames.length
      ? undefined
      : others.length === 0
        ? card.allowed.profile?.because
        : `networks in 8 bits run on the CPU only, and this model runs on ${[...new Set(others)].join(' and ')}`;
  return { ...card, devices, allowed: { ...card.allowed, profile: { choices: profiles, because } } };
}
