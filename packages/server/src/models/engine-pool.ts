import { PIXELS_PER_MEGAPIXEL, type Profile, type WorkerEngine } from '@easel/contract';
import type { ModelEngine } from './model-engine.ts';
import { type PaintedRequest, type Painting, PaintingFailed, type PaintOptions } from './painter.ts';

interface Member {
  readonly engine: ModelEngine;
  /** Another engine of the model has the CPU, to which both have fallen back. */
  isSpare: boolean;
  running: number;
  /** In a row. */
  failures: number;
  /** Milliseconds for a step of a pixel, in the last run with this profile. */
  readonly pace: Map<Profile, number>;
}

/**
 * The engines of one model, as of several graphics cards: each job goes to the fastest that is free. Of those whose cards cannot be used
 * one runs on the CPU, as without cards: each more would have its own threads for all cores, and its own memory.
 */
export class EnginePool {
  readonly #members: readonly Member[];
  /** The one that has fallen back to the CPU. */
  #onCpu: Member | undefined;

  constructor(engines: readonly ModelEngine[]) {
    this.#members = engines.map((engine) => ({ engine, isSpare: false, running: 0, failures: 0, pace: new Map() }));
  }

  get engines(): readonly ModelEngine[] {
    return this.#members.map(({ engine }) => engine);
  }

  /** Those that are needed. */
  get working(): readonly ModelEngine[] {
    return this.#members.filter(({ isSpare }) => !isSpare).map(({ engine }) => engine);
  }

  /** As they are announced: those that are needed, with their speed in the last runs. */
  get states(): readonly WorkerEngine[] {
    return this.#members
      .filter(({ isSpare }) => !isSpare)
      .map(({ engine, pace }) => {
        const speeds = [...pace].map(([profile, ms]) => ({
          profile,
          ms_per_step_megapixel: ms * PIXELS_PER_MEGAPIXEL,
        }));
        return { ...engine.state, ...(speeds.length > 0 && { speeds }) };
      });
  }

  /** Whether an engine is needed: not where another one has the CPU, to which it would fall back. @throws as `paint` */
  isNeeded(index: number, signal: AbortSignal): Promise<boolean> {
    return this.#keeps(this.#member(index), signal);
  }

  /** @throws PaintingFailed, or the signal's reason */
  async paint(request: PaintedRequest, options: PaintOptions): Promise<Painting> {
    for (;;) {
      const working = this.#members.filter(({ isSpare }) => !isSpare);
      const [first] = working.toSorted((one, other) => compare(one, other, request.profile));
      if (first === undefined) throw new RangeError('there is no engine');
      const painting = await this.#run(first, request, options);
      if (painting !== undefined) return painting;
    }
  }

  /** With one of the engines, or, where it is not needed, with whichever is best. @throws as `paint` */
  async paintWith(index: number, request: PaintedRequest, options: PaintOptions): Promise<Painting> {
    return (await this.#run(this.#member(index), request, options)) ?? this.paint(request, options);
  }

  /** @returns undefined where the engine is not needed */
  async #run(member: Member, request: PaintedRequest, options: PaintOptions): Promise<Painting | undefined> {
    member.running += 1; // now, so that others are taken meanwhile
    try {
      return (await this.#keeps(member, options.signal)) ? await run(member, request, options) : undefined;
    } finally {
      member.running -= 1;
    }
  }

  async #keeps(member: Member, signal: AbortSignal): Promise<boolean> {
    if (member.isSpare) return false;
    if (!(await member.engine.fallsBack(signal))) return true;
    this.#onCpu ??= member;
    member.isSpare = this.#onCpu !== member;
    return !member.isSpare;
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`there is no engine ${index}`);
    return member;
  }
}

async function run(member: Member, request: PaintedRequest, options: PaintOptions): Promise<Painting> {
  try {
    const painting = await member.engine.paint(request, options);
    const { steps, denoiseMs } = painting;
    // Tiles have a size of their own.
    if (steps > 0 && !request.upscale)
      member.pace.set(request.profile, denoiseMs / (steps * request.width * request.height));
    member.failures = 0;
    return painting;
  } catch (error) {
    // What the request is to blame for says nothing of the engine.
    if (error instanceof PaintingFailed && error.isWorthRetrying) member.failures += 1;
    throw error;
  }
}

/** The free one before one at work, the working one before one that fails or is not known to work, the fast one before the slow one. */
function compare(one: Member, other: Member, profile: Profile): number {
  const order = (member: Member) => [
    member.running,
    member.engine.isReady ? 0 : 1,
    member.failures,
    paceOf(member, profile),
  ];
  const right = order(other);
  return order(one).reduce((difference, value, index) => difference || value - (right[index] ?? 0), 0);
}

/** In a profile in which it has not run, that of another one: engines are compared, not predicted. */
function paceOf({ pace }: Member, profile: Profile): number {
  return pace.get(profile) ?? Math.max(0, ...pace.values());
}
