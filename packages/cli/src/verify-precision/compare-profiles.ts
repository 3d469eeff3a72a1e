import {
  type DecodedPicture,
  type EngineHost,
  type PictureDistance,
  type PictureSize,
  type Profile,
  pictureDistance,
  type Spread,
  summarizeDistances,
} from '@easel/engine';

/** One picture to draw. */
export interface Drawing {
  readonly prompt: string;
  readonly seed: number;
  readonly profile: Profile;
}

export interface DrawnPicture {
  readonly picture: DecodedPicture;
  readonly seconds: number;
}

/** Pictures that an earlier run drew, and a place for new ones. */
export interface PictureStore {
  find(drawing: Drawing): Promise<DrawnPicture | undefined>;
  keep(drawing: Drawing, drawn: DrawnPicture): Promise<void>;
}

/** A picture beside the exact one. */
export interface ComparedPicture extends Drawing, PictureDistance {
  readonly seconds: number;
}

/** A profile over all prompts. */
export interface ComparedProfile extends Readonly<Record<keyof PictureDistance, Spread>> {
  readonly profile: Profile;
  /** Of the median picture. */
  readonly seconds: number;
  /** How many times as fast as `exact`. */
  readonly speedup: number;
}

export interface Comparison {
  readonly exactSeconds: number;
  readonly profiles: readonly ComparedProfile[];
  readonly pictures: readonly ComparedPicture[];
}

export interface ComparisonPlan {
  readonly prompts: readonly string[];
  /** Of the first prompt; each has one more than the one before. */
  readonly firstSeed: number;
  /** What is compared with `exact`. */
  readonly profiles: readonly Profile[];
  readonly size: PictureSize;
  readonly steps: number;
}

export interface ComparisonHooks {
  readonly signal: AbortSignal;
  readonly store: PictureStore;
  readonly onProgress: (progress: ComparisonProgress) => void;
  /** After each prompt. */
  readonly onPrompt: (
    exact: Drawing & DrawnPicture,
    others: readonly (ComparedPicture & DrawnPicture)[],
  ) => Promise<void>;
}

export interface ComparisonProgress {
  /** The picture under way, 1 … `pictures`. */
  readonly picture: number;
  readonly pictures: number;
  readonly profile: Profile;
  readonly step: number;
  readonly steps: number;
  /** To the end of all pictures, by those that are done. */
  readonly leftMs: number;
}

/**
 * Draws each prompt in `exact` and in the other profiles with the same seed, and compares. It goes prompt by prompt, so that the profiles
 * are timed under the same conditions and an interrupted run has whole prompts.
 *
 * @throws EngineError also for a profile that the model is not prepared for, before anything is drawn
 */
export async function compareProfiles(
  host: EngineHost,
  plan: ComparisonPlan,
  hooks: ComparisonHooks,
): Promise<Comparison> {
  const { signal, store } = hooks;
  const order: readonly Profile[] = ['exact', ...plan.profiles];
  const unprepared = order.filter((profile) => !host.info.profiles.includes(profile));
  for (const profile of unprepared) await host.prepare(plan.size, { profile, signal });
  const clock = new Clock(order, plan.prompts.length);
  const pictures: ComparedPicture[] = [];
  const make = async (drawing: Drawing) => {
    const drawn = (await store.find(drawing)) ?? (await draw(host, drawing, plan, hooks, clock));
    clock.finish(drawing.profile, drawn.seconds);
    return { ...drawing, ...drawn };
  };
  for (const [index, prompt] of plan.prompts.entries()) {
    const seed = plan.firstSeed + index;
    const exact = await make({ prompt, seed, profile: 'exact' });
    const others: (ComparedPicture & DrawnPicture)[] = [];
    for (const profile of plan.profiles) {
      const drawn = await make({ prompt, seed, profile });
      others.push({ ...drawn, ...pictureDistance(exact.picture, drawn.picture) });
    }
    await hooks.onPrompt(exact, others);
    pictures.push(...others.map(({ picture: _, ...compared }) => compared));
  }
  return summarize(plan.profiles, pictures, clock);
}

async function draw(
  host: EngineHost,
  drawing: Drawing,
  { size, steps }: ComparisonPlan,
  { signal, store, onProgress }: ComparisonHooks,
  clock: Clock,
): Promise<DrawnPicture> {
  const { prompt, seed, profile } = drawing;
  // What is made once for a model and a size is not part of a picture's time.
  if (!clock.hasFinished(profile)) await host.prepare(size, { profile, signal });
  const { images, timings } = await host.generate(
    { prompt, seed, profile, steps, ...size },
    {
      signal,
      onStep: ({ index, elapsedMs, etaMs }) =>
        onProgress({ ...clock.place, profile, step: index, steps, leftMs: clock.left(profile, elapsedMs, etaMs) }),
    },
  );
  const [picture] = images;
  if (picture === undefined) throw new RangeError('a run of one sample has no picture');
  const drawn = { picture, seconds: timings.totalMs / 1000 };
  await store.keep(drawing, drawn);
  return drawn;
}

/** The times of the pictures, and an estimate of what is left. */
class Clock {
  readonly #seconds: Map<Profile, number[]>;
  readonly #prompts: number;

  constructor(profiles: readonly Profile[], prompts: number) {
    this.#seconds = new Map(profiles.map((profile) => [profile, []]));
    this.#prompts = prompts;
  }

  /** Of the picture under way. */
  get place(): { readonly picture: number; readonly pictures: number } {
    const done = [...this.#seconds.values()].reduce((sum, { length }) => sum + length, 0);
    return { picture: done + 1, pictures: this.#seconds.size * this.#prompts };
  }

  finish(profile: Profile, seconds: number): void {
    this.#seconds.get(profile)?.push(seconds);
  }

  hasFinished(profile: Profile): boolean {
    return this.median(profile) !== undefined;
  }

  /** Profiles without a finished picture are taken to be as slow as the picture under way. */
  left(profile: Profile, elapsedMs: number, etaMs: number): number {
    const current = elapsedMs + etaMs;
    let left = etaMs - current;
    for (const [each, { length }] of this.#seconds) {
      const known = each === profile ? undefined : this.median(each);
      left += (this.#prompts - length) * (known === undefined ? current : known * 1000);
    }
    return left;
  }

  median(profile: Profile): number | undefined {
    const sorted = this.#seconds.get(profile)?.toSorted((a, b) => a - b) ?? [];
    return sorted[Math.floor(sorted.length / 2)];
  }
}

function summarize(profiles: readonly Profile[], pictures: readonly ComparedPicture[], clock: Clock): Comparison {
  const exactSeconds = clock.median('exact') ?? 0;
  return {
    exactSeconds,
    profiles: profiles.map((profile) => {
      const seconds = clock.median(profile) ?? 0;
      const own = pictures.filter((picture) => picture.profile === profile);
      return { profile, ...summarizeDistances(own), seconds, speedup: exactSeconds / seconds };
    }),
    pictures,
  };
}
