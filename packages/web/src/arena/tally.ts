/** A vote for one of two settings, or for neither. */
export type Vote = 'a' | 'b' | 'tie';

export interface Tally {
  readonly a: number;
  readonly b: number;
  readonly ties: number;
  /** Share of the votes for A, a tie counting half; null without votes. */
  readonly share: number | null;
  /** Between which shares the true one is, with 95 % confidence. */
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964;

/** Counts votes, with Wilson's score interval (Wilson 1927, equation 4), which holds for few votes, too. */
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

/** What the votes say, in a sentence. */
export function verdictOf({ share, low, high }: Tally): string {
  if (share === null) return 'No votes yet.';
  if (low > 0.5) return 'A is preferred.';
  if (high < 0.5) return 'B is preferred.';
  return 'The votes do not tell them apart yet.';
}
