import { type JobCreate, type Profile, type Scheduler, seedOfSample, writeRequest } from '@easel/contract';
import { randomId } from '../browser.ts';

/** One of the two settings that are compared. */
export interface Side {
  readonly model: string;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: Scheduler;
  /** Absent in a stored study from before there were profiles. */
  readonly profile?: Profile;
  /** What else it has, of a study of two pictures of a sheet. */
  readonly note?: string;
}

/** One prompt, generated with both settings and the same seed. */
export interface Pair {
  readonly prompt: string;
  readonly seed: number;
  /** Whether A is on the left; random, so that the vote is blind. */
  readonly isAFirst: boolean;
  readonly a?: string;
  readonly b?: string;
  /** Why there are no pictures to vote on: this pair is skipped. */
  readonly failure?: string;
  readonly vote?: Vote;
}

export interface Study {
  readonly id: string;
  readonly a: Side;
  readonly b: Side;
  readonly pairs: readonly Pair[];
  /** Whether the result was shown early: then there are no more votes. */
  readonly isRevealed: boolean;
}

const STORED = 'easel.arena';

export function newStudy(a: Side, b: Side, prompts: readonly string[], seed: number): Study {
  const random = crypto.getRandomValues(new Uint8Array(prompts.length));
  const pairs = prompts.map((prompt, index) => ({
    prompt,
    seed: seedOfSample(seed, index),
    isAFirst: ((random[index] ?? 0) & 1) === 0,
  }));
  return { id: randomId(), a, b, pairs, isRevealed: false };
}

export function jobOfSide({ prompt, seed }: Pair, { note: _, ...side }: Side): JobCreate {
  return writeRequest({ ...side, prompt, seed, format: 'png' });
}

/** The study with one pair changed. */
export function updatePair(study: Study, index: number, part: Partial<Pair>): Study {
  return { ...study, pairs: study.pairs.map((pair, place) => (place === index ? { ...pair, ...part } : pair)) };
}

/** The study without its last vote. */
export function undoLastVote(study: Study): Study {
  const last = study.pairs.findLastIndex(({ vote }) => vote !== undefined);
  return {
    ...study,
    pairs: study.pairs.map((pair, place) => {
      if (place !== last) return pair;
      const { vote: _, ...rest } = pair;
      return rest;
    }),
  };
}

/** Whether the pair still needs a vote, now or once its pictures are generated. */
export function isUndecided({ vote, failure }: Pair): boolean {
  return vote === undefined && failure === undefined;
}

/** Whether the voting is over: no vote is missing, or the result was shown early. */
export function isOver({ pairs, isRevealed }: Study): boolean {
  return isRevealed || !pairs.some(isUndecided);
}

/** The study stored in this browser, if there is one. */
export function loadStudy(): Study | undefined {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    return isStudy(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

export function saveStudy(study: Study | undefined): void {
  if (study === undefined) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, JSON.stringify(study));
}

function isStudy(value: unknown): value is Study {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'a' in value &&
    'b' in value &&
    'pairs' in value &&
    Array.isArray(value.pairs)
  );
}

/** A vote for one of two settings, or for neither. */
export type Vote = 'a' | 'b' | 'tie';

export interface Tally {
  readonly a: number;
  readonly b: number;
  readonly ties: number;
  /** The share of votes for A, a tie counting half; null without votes. */
  readonly share: number | null;
  /** The 95 % confidence interval of the share. */
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964;

/** Counts votes, with Wilson's score interval (Wilson 1927, equation 4), which is valid for few votes, too. */
export function tallyOf(votes: readonly Vote[]): Tally {
  const count = (vote: Vote) => votes.filter((each) => each === vote).length;
  const [a, b, ties] = [count('a'), count('b'), count('tie')];
  const n = votes.length;
  if (n === 0) return { a, b, ties, share: null, low: 0, high: 1 };
  const share = (a + ties / 2) / n;
  const centre = share + Z ** 2 / (2 * n);
  const spread = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  return {
    a,
    b,
    ties,
    share,
    low: Math.max(0, (centre - spread) / scale),
    high: Math.min(1, (centre + spread) / scale),
  };
}

/** The result in one sentence. */
export function verdictOf({ share, low, high }: Tally): string {
  if (share === null) return 'No votes yet.';
  if (low > 0.5) return 'A is preferred.';
  if (high < 0.5) return 'B is preferred.';
  return 'No significant difference yet.';
}
