import type { FilledRequest, Profile } from '@easel/contract';
import type { ModelEngine } from './model-engine.ts';
import { type Painting, PaintingFailed, type PaintOptions } from './painter.ts';

interface Member {
  readonly engine: ModelEngine;
  running: number;
  /** In a row. */
  failures: number;
  /** Milliseconds for a step of a pixel, in the last run with this profile. */
  readonly pace: Map<Profile, number>;
}

/** The engines of one model, as of several graphics cards: each job goes to the fastest that is free. */
export class EnginePool {
  readonly #members: readonly Member[];

  constructor(engines: readonly ModelEngine[]) {
    this.#members = engines.map((engine) => ({ engine, running: 0, failures: 0, pace: new Map() }));
  }

  get engines(): readonly ModelEngine[] {
    return this.#members.map(({ engine }) => engine);
  }

  /** @throws PaintingFailed, or the signal's reason */
  paint(request: FilledRequest, options: PaintOptions): Promise<Painting> {
    const [first] = this.#members.toSorted((one, other) => compare(one, other, request.profile));
    if (first === undefined) throw new RangeError('there is no engine');
    return run(first, request, options);
  }

  /** With one of the engines. @throws as `paint` */
  paintWith(index: number, request: FilledRequest, options: PaintOptions): Promise<Painting> {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`there is no engine ${index}`);
    return run(member, request, options);
  }
}

async function run(member: Member, request: FilledRequest, options: PaintOptions): Promise<Painting> {
  member.running += 1;
  try {
    const painting = await member.engine.paint(request, options);
    const { steps, denoiseMs } = painting;
    if (steps > 0) member.pace.set(request.profile, denoiseMs / (steps * request.width * request.height));
    member.failures = 0;
    return painting;
  } catch (error) {
    // What the request is to blame for says nothing of the engine.
    if (error instanceof PaintingFailed && error.isWorthRetrying) member.failures += 1;
    throw error;
  } finally {
    member.running -= 1;
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
