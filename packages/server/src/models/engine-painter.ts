import { type FilledRequest, fillRequest, type WorkerEngine } from '@easel/contract';
import { type HostLogEntry, loadTokenizers, type MemorySetting, type Tokenizers } from '@easel/engine';
import type { PromptSyntax } from '@easel/parameters';
import { DomainError } from '../domain-error.ts';
import { EnginePool } from './engine-pool.ts';
import type { ModelCard } from './model-card.ts';
import { type MemoryShares, ModelEngine } from './model-engine.ts';
import type { EncoderTokens, PaintedRequest, Painter, Painting, PaintOptions } from './painter.ts';
import {
  type EngineSettings,
  type OpenedModel,
  openServedModel,
  type ServedModel,
  usualEngines,
} from './served-models.ts';

export interface EnginePainterOptions {
  /** The first one is the default. */
  readonly models: readonly ServedModel[];
  /** Written into the pictures' files. */
  readonly easelVersion: string;
  /** Where models are looked for by name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which an idle model process is stopped; absent: the engine's own default. */
  readonly idleMs?: number;
  /** Absent: as many as there are physical cores. */
  readonly threads?: number;
  /** What of the models stays in memory; absent: what suits this machine. */
  readonly memory?: MemorySetting;
  /** Whether encoded prompts are kept in files; absent: no. */
  readonly textCache?: boolean;
  readonly onLog: (model: string, entry: HostLogEntry) => void;
}

interface Easel {
  readonly model: OpenedModel;
  readonly pool: EnginePool;
  /** Read at first use. */
  tokenizers: Promise<Tokenizers> | undefined;
}

/**
 * The engine as a painter. Model cards and tokens come from the model's small files, so a server whose workers run elsewhere never
 * starts an engine.
 */
export class EnginePainter implements Painter {
  readonly #easels: ReadonlyMap<string, Easel>;

  /** @throws EngineError when one of the models would not load */
  static async open(options: EnginePainterOptions): Promise<EnginePainter> {
    const { models, env, easelVersion, idleMs, threads, textCache = false, onLog } = options;
    const { memory = 'auto' } = options;
    const easels = new Map<string, Easel>();
    for (const [index, served] of models.entries()) {
      const log = (entry: HostLogEntry) => onLog(served.slug, entry);
      const model = await openServedModel(served, index === 0, env, log);
      const common = { model, easelVersion, idleMs, threads, memory, textCache, onLog: log };
      const pool = new EnginePool(
        model.engines.map((engine) => new ModelEngine({ ...common, engine, memoryShares: sharesOf(engine, models) })),
      );
      easels.set(served.slug, { model, pool, tokenizers: undefined });
    }
    return new EnginePainter(easels);
  }

  private constructor(easels: ReadonlyMap<string, Easel>) {
    this.#easels = easels;
  }

  models(): readonly ModelCard[] {
    return [...this.#easels.values()].map(({ model }) => model.card);
  }

  async refreshModels(): Promise<void> {
    await Promise.all([...this.#easels.values()].map(({ model }) => model.loras.refresh()));
  }

  paint(request: PaintedRequest, options: PaintOptions): Promise<Painting> {
    return this.#easel(request.model).pool.paint(request, options);
  }

  async tokenize(slug: string, text: string, syntax?: PromptSyntax): Promise<readonly EncoderTokens[]> {
    const easel = this.#easel(slug);
    easel.tokenizers ??= readTokenizers(easel);
    const [first, second] = (await easel.tokenizers).tokenize(text, syntax);
    return [
      { encoder: 'text_encoder', ...first },
      { encoder: 'text_encoder_2', ...second },
    ];
  }

  engines(): readonly WorkerEngine[] {
    return [...this.#easels.values()].flatMap(({ pool }) => pool.states);
  }

  isNeeded(slug: string, index: number, signal: AbortSignal): Promise<boolean> {
    return this.#easel(slug).pool.isNeeded(index, signal);
  }

  /** Of several engines each makes a second one: the first takes longer, and they are compared by their speed. */
  async warmUp(slug: string, index: number, signal: AbortSignal): Promise<Painting> {
    const { model, pool } = this.#easel(slug);
    const paint = () => pool.paintWith(index, warmUpRequest(model.card), { signal, onStep: () => {} });
    const first = await paint();
    return pool.working.length > 1 ? paint() : first;
  }

  async memory(): Promise<ReadonlyMap<string, number>> {
    const memory = new Map<string, number>();
    for (const [slug, { pool }] of this.#easels) {
      const bytes = (await Promise.all(pool.engines.map((engine) => engine.memory()))).filter(
        (one) => one !== undefined,
      );
      if (bytes.length > 0)
        memory.set(
          slug,
          bytes.reduce((sum, one) => sum + one, 0),
        );
    }
    return memory;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#easels.values()].flatMap(({ pool }) => pool.engines.map((engine) => engine.close())));
  }

  #easel(slug: string): Easel {
    const easel = this.#easels.get(slug);
    if (easel !== undefined) return easel;
    const offered = [...this.#easels.keys()].join(', ');
    throw new DomainError('not_found', `there is no model ${slug}`, {
      remedy: `this server has ${offered}`,
      param: 'model',
    });
  }
}

/**
 * All engines may have their model loaded at the same time, so those that share a card, or the machine, are given an equal part of the memory.
 * Of each model one may come to be on the CPU, unless a card is named for it.
 */
export function sharesOf({ card }: EngineSettings, models: readonly Pick<ServedModel, 'engines'>[]): MemoryShares {
  const engines = models.map(({ engines: own = usualEngines }) => own);
  const onCard = engines.flat().filter((other) => other.device !== 'cpu' && other.card?.index === card?.index);
  const onCpu = engines.reduce((sum, own) => sum + mostOnCpu(own), 0);
  return { card: 1 / Math.max(1, onCard.length), cpu: 1 / Math.max(1, onCpu) };
}

/** Of the engines of one model. Of those with a card of their own only one falls back to the CPU. */
function mostOnCpu(engines: readonly EngineSettings[]): number {
  const free = engines.filter(({ device, card }) => device === 'cpu' || (device === 'auto' && card === undefined));
  return free.length + Number(engines.some(({ device, card }) => device === 'auto' && card !== undefined));
}

async function readTokenizers(easel: Easel): Promise<Tokenizers> {
  const { path, load } = easel.model;
  try {
    return await loadTokenizers(path, load);
  } catch (error) {
    easel.tokenizers = undefined;
    throw error;
  }
}

/** Enough to run every network of the model once; nobody sees the picture. */
const WARM_UP_STEPS = 2;

/** A picture at the model's native size, the usual one: what is prepared for it serves the first real requests. */
function warmUpRequest({ slug, defaults }: ModelCard): FilledRequest {
  const own = { prompt: 'a red apple on a blue background', steps: WARM_UP_STEPS, seed: 1, embedParameters: false };
  return fillRequest(own, { ...defaults, model: slug });
}
