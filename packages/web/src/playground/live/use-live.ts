import { drawSeed, type PriceQuote } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../../session/session.tsx';
import type { Settings } from '../../settings/settings.ts';
import { type Draft, DraftLoop } from './draft-loop.ts';
import { draftableOf } from './draft-request.ts';

/** The drafts that follow what is typed. */
export interface Live extends Made {
  readonly isOn: boolean;
  readonly turn: (isOn: boolean) => void;
  /** What the settings would cost, and whether drafts of them are made here. Undefined: not known yet. */
  readonly quote: PriceQuote | undefined;
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
  readonly problem?: string | undefined;
}

const nothing: Made = { isOnStage: false };

/** Kept for this tab. */
const STORED = 'easel.live';
/** After the last change. */
const PAUSE_MS = 300;

/**
 * While it is on, has a draft made of the settings once they have not changed for a moment.
 *
 * @param settings undefined: not known yet
 */
export function useLive(
  settings: Settings | undefined,
  quote: PriceQuote | undefined,
  change: (part: Partial<Settings>) => void,
): Live {
  const { client } = useSession();
  const [isOn, setOn] = useState(() => sessionStorage.getItem(STORED) === 'on');
  const [made, setMade] = useState(nothing);
  const loop = useRef<DraftLoop>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isComposing = useComposing();
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
  }, [client, isOn]);
  const isReady = isOn && quote?.draft.offered === true && !isComposing;
  const wanted = isReady && settings !== undefined ? draftableOf(settings) : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text has all that is wanted
  useEffect(() => {
    if (wanted === undefined) return;
    timer.current = setTimeout(() => loop.current?.want(wanted), PAUSE_MS);
    return () => clearTimeout(timer.current);
  }, [JSON.stringify(wanted), client]);
  return {
    ...made,
    isOn,
    quote,
    turn(isOnNow) {
      setMade(nothing);
      setOn(isOnNow);
      // The picture follows the prompt: with another seed each would be another picture.
      if (isOnNow && settings?.seed === null) change({ seed: drawSeed() });
    },
    leave() {
      clearTimeout(timer.current);
      loop.current?.drop();
      setMade((before) => ({ ...before, isOnStage: false }));
    },
  };
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
