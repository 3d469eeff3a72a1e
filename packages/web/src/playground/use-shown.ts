import { useEffect, useRef, useState } from 'react';
import { type Run, runCount } from '../runs/run.ts';

/** What the stage shows. */
export interface Shown {
  readonly run: Run;
  /** Which picture of the run; null: all of them, side by side. */
  readonly index: number | null;
}

interface Choice {
  readonly key: string;
  readonly index: number | null;
}

export interface ShownRun {
  readonly shown: Shown | undefined;
  readonly show: (run: Run, index?: number | null) => void;
  /** To the next older (1) or newer (−1) run, or picture of a run whose pictures are shown one by one. */
  readonly move: (by: 1 | -1) => void;
}

/** The chosen run, at first the newest; one that is started here is chosen by that. */
export function useShown(runs: readonly Run[]): ShownRun {
  const [choice, setChoice] = useState<Choice>();
  const known = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const added = runs.filter(({ key, phase }) => phase === 'sending' && !known.current.has(key));
    known.current = new Set(runs.map(({ key }) => key));
    // Of several prompts the one that is computed first.
    const first = added.at(-1);
    if (first !== undefined) setChoice({ key: first.key, index: null });
  }, [runs]);
  const run = runs.find(({ key }) => key === choice?.key) ?? runs[0];
  const index = run?.key === choice?.key ? (choice?.index ?? null) : null;
  const shown = run && { run, index: runCount(run) > 1 ? index : null };
  return {
    shown,
    show: ({ key }, at = null) => setChoice({ key, index: at }),
    move: (by) => {
      const places = placesOf(runs, shown);
      const at = places.findIndex((place) => place.key === shown?.run.key && place.index === shown.index);
      const next = places[at + by];
      if (next !== undefined) setChoice(next);
    },
  };
}

/** Where one comes by moving on: run by run, and through the pictures of a run that is shown picture by picture. */
function placesOf(runs: readonly Run[], shown: Shown | undefined): readonly Choice[] {
  return runs.flatMap((run): readonly Choice[] => {
    if (run.key !== shown?.run.key || shown.index === null) return [{ key: run.key, index: null }];
    return Array.from({ length: runCount(run) }, (_, index) => ({ key: run.key, index }));
  });
}
