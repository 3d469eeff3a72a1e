import { drawSeed, type PriceQuote } from '@easel/contract';
import { type Dispatch, type RefObject, type SetStateAction, useEffect, useRef, useState } from 'react';
import { isOver } from '../../runs/run.ts';
import { useRuns } from '../../runs/runs.tsx';
import { useLastKnown } from '../../session/requests.ts';
import { useSession } from '../../session/session.tsx';
import type { Settings } from '../../settings/settings.ts';
import { type Draft, DraftLoop, type DraftProblem } from './draft-loop.ts';
import { draftableOf } from './draft-request.ts';

/** The drafts that follow what is typed. */
export interface Live extends Made {
  readonly isOn: boolean;
  readonly turn: (isOn: boolean) => void;
  /** What the settings would cost; undefined: not known yet. */
  readonly quote: PriceQuote | undefined;
  /** Whether drafts of such pictures are made here, as far as is known. */
  readonly offer: PriceQuote['draft'] | undefined;
  /** Leaves the stage to a run, until the settings change. */
  readonly leave: () => void;
}

/** What became of the drafts so far. */
interface Made {
  /** The last one; it stays while the next one is made. */
  readonly draft?: Draft | undefined;
  /** Whether it, and no run, is on the stage. */
  readonly isOnStage: boolean;
  /** Jobs that come before the draft that is being made; undefined: none is. */
  readonly ahead?: number | undefined;
  readonly problem?: DraftProblem | undefined;
}

type Change = (part: Partial<Settings>) => void;

const nothing: Made = { isOnStage: false };

/** Kept for this tab. */
const STORED = 'easel.live';
/** The seed that was drawn for the drafts. */
const STORED_SEED = 'easel.live-seed';
/** After the last change. */
const PAUSE_MS = 300;

/**
 * While it is on, has a draft made of the settings once they have not changed for a moment.
 *
 * @param settings undefined: not known yet
 */
export function useLive(settings: Settings | undefined, quote: PriceQuote | undefined, change: Change): Live {
  const [isOn, setOn] = useState(() => sessionStorage.getItem(STORED) === 'on');
  const [made, setMade] = useState(nothing);
  const loop = useLoop(isOn, setMade, setOn);
  const offer = useLastKnown(quote?.draft);
  const follow = useFollowing({ isOn, settings, isOffered: offer?.offered === true, loop, change });
  useSeedLeftRandom(isOn, settings?.seed, change);
  const leave = () => {
    follow.leave();
    setMade((before) => ({ ...before, isOnStage: false }));
  };
  useStarted(leave);
  return {
    ...made,
    isOn,
    quote,
    offer,
    turn(isOnNow) {
      follow.restart();
      setMade(nothing);
      setOn(isOnNow);
    },
    leave,
  };
}

/** The drafts of this tab's key, made only while they are on. */
function useLoop(
  isOn: boolean,
  setMade: Dispatch<SetStateAction<Made>>,
  setOn: (isOn: boolean) => void,
): RefObject<DraftLoop | undefined> {
  const { client } = useSession();
  const loop = useRef<DraftLoop>(undefined);
  useEffect(() => {
    sessionStorage.setItem(STORED, isOn ? 'on' : 'off');
    if (!isOn) return;
    const update = (part: Partial<Made>) => setMade((before) => ({ ...before, ...part }));
    const own = new DraftLoop(client, {
      onDraft: (draft) => update({ draft, isOnStage: true }),
      onWork: (ahead) => update({ ahead }),
      onProblem: (problem) => update({ problem }),
      onEnd: () => setOn(false),
    });
    loop.current = own;
    return () => {
      own.close();
      loop.current = undefined;
      setMade(({ problem }) => ({ ...nothing, problem }));
    };
  }, [client, isOn, setMade, setOn]);
  return loop;
}

interface Following {
  readonly isOn: boolean;
  readonly settings: Settings | undefined;
  readonly isOffered: boolean;
  readonly loop: RefObject<DraftLoop | undefined>;
  readonly change: Change;
}

/** Pictures that can be drafted, as JSON; empty: none. */
interface Memory {
  now: string;
  /** The last draft was asked of it. */
  asked: string;
  /** A run has the stage since then. */
  left: string;
  /** What the view was opened with, undefined: not known yet; null: whether it is drafted is decided. */
  found: string | null | undefined;
}

/** Asks for a draft whenever the settings change, and only then. */
function useFollowing({ isOn, settings, isOffered, loop, change }: Following) {
  const { client } = useSession();
  const isComposing = useComposing();
  const hasRun = useHasRun();
  const memory = useRef<Memory>({ now: '', asked: '', left: '', found: isOn ? undefined : null });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const draftable = settings && draftableOf(settings);
  const text = draftable === undefined ? '' : JSON.stringify(draftable);
  const isKnown = settings !== undefined;
  const want = () => {
    if (settings === undefined) return;
    // The picture follows the prompt: with another seed each would be another picture.
    const seed = settings.seed ?? drawSeed();
    const seeded = draftableOf({ ...settings, seed });
    if (seeded === undefined) return;
    memory.current.asked = JSON.stringify(seeded);
    memory.current.left = '';
    if (settings.seed === null) {
      sessionStorage.setItem(STORED_SEED, String(seed));
      change({ seed });
    }
    loop.current?.want(seeded);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked of one loop is unknown to the next
  useEffect(() => {
    memory.current.asked = '';
  }, [client, isOn]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text has all that is wanted
  useEffect(() => {
    const seen = memory.current;
    seen.now = text;
    if (!isOn || !isKnown || !decide(seen, hasRun)) return undefined;
    if (text === '' || !isOffered) {
      loop.current?.drop();
      seen.asked = '';
      if (text === '') seen.left = '';
    } else if (!isComposing && text !== seen.asked && text !== seen.left) {
      timer.current = setTimeout(want, PAUSE_MS);
      return () => clearTimeout(timer.current);
    }
    return undefined;
  }, [text, isOn, isKnown, isOffered, isComposing, hasRun, client]);
  return {
    leave() {
      clearTimeout(timer.current);
      loop.current?.drop();
      memory.current.left = memory.current.now;
    },
    restart() {
      memory.current.left = '';
      memory.current.found = null;
    },
  };
}

/**
 * Decides whether what the view was opened with is drafted: not while a run has the stage, which was started in another view or before a reload.
 *
 * @returns whether it is decided
 */
function decide(seen: Memory, hasRun: boolean | undefined): boolean {
  if (seen.found === null) return true;
  seen.found ??= seen.now;
  if (seen.found === seen.now) {
    if (hasRun === undefined) return false;
    if (hasRun) seen.left = seen.now;
  }
  seen.found = null;
  return true;
}

/** Whether a run of this page has been unfinished since the view was opened; undefined: not known yet. */
function useHasRun(): boolean | undefined {
  const { runs, isLoaded } = useRuns();
  const [hadRun, setHadRun] = useState(false);
  const hasRun = runs.some((run) => !isOver(run));
  if (hasRun && !hadRun) setHadRun(true);
  if (hasRun || hadRun) return true;
  return isLoaded ? false : undefined;
}

/** Leaves the stage to a run that is started, by whatever part of the page. */
function useStarted(leave: () => void): void {
  const { runs } = useRuns();
  const known = useRef<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: only runs are started
  useEffect(() => {
    const isStarted = runs.some(({ key, phase }) => phase === 'sending' && !known.current.has(key));
    known.current = new Set(runs.map(({ key }) => key));
    if (isStarted) leave();
  }, [runs]);
}

/** Makes the seed random again when drafts are switched off, or end, and it is still the one that was drawn for them. */
function useSeedLeftRandom(isOn: boolean, seed: number | null | undefined, change: Change): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `change` is another function each time
  useEffect(() => {
    if (isOn || seed === undefined) return;
    const drawn = sessionStorage.getItem(STORED_SEED);
    sessionStorage.removeItem(STORED_SEED);
    if (drawn === String(seed)) change({ seed: null });
  }, [isOn, seed]);
}

/** Whether an input method is being used to compose a text: what is there meanwhile is not yet what is meant. */
function useComposing(): boolean {
  const [isComposing, setComposing] = useState(false);
  useEffect(() => {
    const begin = () => setComposing(true);
    const end = () => setComposing(false);
    window.addEventListener('compositionstart', begin);
    window.addEventListener('compositionend', end);
    return () => {
      window.removeEventListener('compositionstart', begin);
      window.removeEventListener('compositionend', end);
    };
  }, []);
  return isComposing;
}
