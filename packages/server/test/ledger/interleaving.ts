import fc from 'fast-check';

/** What may happen to a transaction: all of it, or a crash somewhere after its work began. */
export type Fate =
  | { readonly kind: 'commits' }
  /** The program fails when the work is done, before the commit. */
  | { readonly kind: 'aborts' }
  /** The connection is cut when the work is done, before the commit. */
  | { readonly kind: 'is cut off' }
  /** The connection is cut while the work, or the commit, or what comes after it is under way. */
  | { readonly kind: 'is cut off at some moment'; readonly afterMs: number };

export type Action =
  | { readonly kind: 'grant'; readonly payer: number; readonly amount: bigint }
  | { readonly kind: 'hold'; readonly job: number; readonly amount: bigint }
  | { readonly kind: 'charge' | 'release'; readonly job: number };

export interface Step {
  readonly action: Action;
  readonly fate: Fate;
  /** After a crash, which leaves open whether it was committed: do the same again. */
  readonly retries: boolean;
}

export const PAYERS = 3;
const JOBS = 12;
const LANES = 4;

const job = fc.nat(JOBS - 1);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('grant'), payer: fc.nat(PAYERS - 1), amount: fc.bigInt(1n, 4_000n) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hold'), job, amount: fc.bigInt(0n, 3_000n) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('charge', 'release'), job }) },
);

export const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'commits' }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'aborts' }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'is cut off' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('is cut off at some moment'), afterMs: fc.nat(6) }),
  },
);

/** Sequences of steps that run side by side, each on connections of its own. */
export const interleaving: fc.Arbitrary<Step[][]> = fc.array(
  fc.array(fc.record({ action, fate, retries: fc.boolean() }), { minLength: 4, maxLength: 12 }),
  { minLength: LANES, maxLength: LANES },
);
