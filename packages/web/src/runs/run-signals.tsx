import { type RefObject, useEffect, useRef, useState } from 'react';
import { titles, useRoute } from '../router.ts';
import { playSound, showNotification } from './end-notices.ts';
import finishedIcon from './icon-finished.svg';
import { isOver, type Phase, type Run, shareOf } from './run.ts';
import { useRuns } from './runs.tsx';

/** More of a prompt does not fit into a tab. */
const TITLE_LENGTH = 40;

/** Says how the runs go to those who do not look at the page: screen readers, the tab's title and icon, notifications, a sound. */
export function RunSignals() {
  const { runs } = useRuns();
  const [unseen, setUnseen] = useState<Run>();
  const announcement = useEnds(runs, (run) => {
    if (run.phase === 'cancelled') return;
    if (document.hidden || !document.hasFocus()) setUnseen(run);
    showNotification(run);
    playSound(run);
  });
  useWhenSeen(() => setUnseen(undefined));
  useTitle(runs, unseen);
  return (
    <p className="visually-hidden" role="status">
      {announcement}
    </p>
  );
}

/** Steps are not announced: thirty of them would drown out everything else. @returns what a screen reader is to say */
function useEnds(runs: readonly Run[], onEnd: (run: Run) => void): string {
  const [text, setText] = useState('');
  const phases = useRef<ReadonlyMap<string, Phase>>(new Map());
  const latest = useLatest(onEnd);
  useEffect(() => {
    const before = phases.current;
    phases.current = new Map(runs.map(({ key, phase }) => [key, phase]));
    for (const run of runs) {
      const known = before.get(run.key);
      if (known === undefined || known === run.phase) continue;
      const words = wordsFor(run, known);
      if (words !== undefined) setText(words);
      if (isOver(run)) latest.current(run);
    }
  }, [runs, latest]);
  return text;
}

function wordsFor({ phase, request, job, problem }: Run, before: Phase): string | undefined {
  const { prompt } = request;
  // A run that starts at once may have started before the page hears that it was queued.
  if (before === 'sending' && (phase === 'queued' || phase === 'running')) return `Queued: ${prompt}`;
  if (phase === 'cancelled') return `Cancelled: ${prompt}`;
  if (phase === 'failed') return `Run failed: ${prompt}. ${problem ?? ''}`;
  if (phase !== 'succeeded') return undefined;
  const count = job?.images.length ?? 1;
  return count === 1 ? `Picture finished: ${prompt}` : `${count} pictures finished: ${prompt}`;
}

function useWhenSeen(onSeen: () => void): void {
  const latest = useLatest(onSeen);
  useEffect(() => {
    const look = () => {
      if (!document.hidden && document.hasFocus()) latest.current();
    };
    window.addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      window.removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [latest]);
}

/** The run that is computed now, else one that has ended unseen, else the view. */
function useTitle(runs: readonly Run[], unseen: Run | undefined): void {
  const { view } = useRoute();
  const running = runs.find(({ phase }) => phase === 'running') ?? runs.find((run) => !isOver(run));
  const title = titleOf(running, unseen) ?? titles[view];
  const isMarked = unseen !== undefined && running === undefined;
  useEffect(() => {
    document.title = `${title} · Easel`;
  }, [title]);
  const usualIcon = useRef<string>(undefined);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (link === null) return;
    usualIcon.current ??= link.href;
    link.href = isMarked ? finishedIcon : usualIcon.current;
  }, [isMarked]);
}

function titleOf(running: Run | undefined, unseen: Run | undefined): string | undefined {
  if (running !== undefined) {
    const share = shareOf(running);
    return `(${share === undefined ? 'queued' : `${Math.floor(share * 100)} %`}) ${shortened(running)}`;
  }
  return unseen && `${unseen.phase === 'failed' ? '✗' : '✓'} ${shortened(unseen)}`;
}

function shortened({ request: { prompt } }: Run): string {
  return prompt.length > TITLE_LENGTH ? `${prompt.slice(0, TITLE_LENGTH)}…` : prompt;
}

function useLatest<Value>(value: Value): RefObject<Value> {
  const latest = useRef(value);
  latest.current = value;
  return latest;
}
