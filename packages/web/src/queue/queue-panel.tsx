import type { JobMove } from '@easel/contract';
import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { duration } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { type Run, statusOf } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';

/** How long a new order is shown before the server's events are believed again: they come one by one. */
const SETTLING_MS = 2500;

/** All unfinished runs of the account in the order in which they start, with the time left for each and for all. */
export function QueuePanel() {
  const { unfinished, isConnected } = useRuns();
  const { client } = useSession();
  const now = useSeconds();
  const [problem, setProblem] = useState<string>();
  const [said, setSaid] = useState('');
  const { inOrder, move } = useOrder(unfinished, setProblem);
  const heading = useFocusAfterRemoval(inOrder.length);
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const cancelAll = () =>
    attempt(async () => {
      const { cancelled } = await client.jobs.cancelAll();
      setSaid(cancelled === 1 ? '1 run cancelled' : `${cancelled} runs cancelled`);
    });
  const cancel = ({ job }: Run) =>
    attempt(async () => {
      if (job !== undefined) await client.jobs.cancel(job.id);
    });
  return (
    <>
      <h2 ref={heading} tabIndex={-1}>
        Queue
      </h2>
      <p className={isConnected ? 'quiet' : 'wrong'}>{summaryOf(inOrder, now, isConnected)}</p>
      <p className="visually-hidden" role="status">
        {said}
      </p>
      {problem !== undefined && (
        <Notice kind="error" onClose={() => setProblem(undefined)}>
          {problem}
        </Notice>
      )}
      <QueueList
        runs={inOrder}
        now={now}
        onMove={async (run, to, place) => {
          if (await move(run, to)) setSaid(`Now number ${place} in your queue: ${run.request.prompt}`);
        }}
        onCancel={(run) => void cancel(run)}
      />
      {inOrder.length > 1 && (
        <ConfirmButton
          className="danger"
          question={`Cancel ${inOrder.length} runs? Nothing is charged`}
          onConfirm={() => void cancelAll()}
        >
          Cancel all
        </ConfirmButton>
      )}
    </>
  );
}

function summaryOf(runs: readonly Run[], now: number, isConnected: boolean): string {
  if (!isConnected) return 'Connection lost, reconnecting… The order and the times are from before.';
  if (runs.length === 0) return 'Nothing is running or queued.';
  const count = runs.length === 1 ? '1 run' : `${runs.length} runs`;
  if (runs.some(({ isPaused }) => isPaused)) return `${count}. Queue paused by the administrator.`;
  const ends = runs.map(({ expectedAt }) => expectedAt ?? Number.NaN);
  const left = (Math.max(...ends) - now) / 1000;
  // Of a run that has just begun the time is not known yet; the longest one of the others is then still right.
  const known = ends.filter((end) => !Number.isNaN(end));
  const seconds = Number.isNaN(left) ? (Math.max(0, ...known) - now) / 1000 : left;
  return seconds > 0 ? `${count}, about ${duration(Math.ceil(seconds))} for all` : count;
}

/** A run that is cancelled takes its button with it: the focus goes to the heading, and not out of the dialog. */
function useFocusAfterRemoval(count: number): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it looks after each change of the list
  useEffect(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) heading.current?.focus();
  }, [count]);
  return heading;
}

/** The time, each second. */
function useSeconds(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The order of the runs, and how to change it. */
function useOrder(unfinished: readonly Run[], onProblem: (problem: string | undefined) => void) {
  const { client } = useSession();
  const [moved, setMoved] = useState<readonly string[]>();
  useEffect(() => {
    if (moved === undefined) return undefined;
    const timer = setTimeout(() => setMoved(undefined), SETTLING_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  const inOrder = unfinished.toReversed().sort((one, other) => orderOf(one, moved) - orderOf(other, moved));
  const move = async ({ job }: Run, to: JobMove): Promise<boolean> => {
    if (job === undefined) return false;
    try {
      setMoved((await client.jobs.move(job.id, to)).jobs);
      onProblem(undefined);
      return true;
    } catch (error) {
      setMoved(undefined);
      onProblem(messageOf(error));
      return false;
    }
  };
  return { inOrder, move };
}

/** Running ones first, then those in the queue by their place in it, then those that are not there yet. */
function orderOf({ phase, position, job }: Run, moved: readonly string[] | undefined): number {
  if (phase === 'running') return -1;
  if (phase !== 'queued') return Number.MAX_SAFE_INTEGER;
  const place = moved?.indexOf(job?.id ?? '') ?? -1;
  return place >= 0 ? place : (position ?? 0);
}

interface QueueListProps {
  readonly runs: readonly Run[];
  readonly now: number;
  /** @param place the run's new number among the queued ones */
  readonly onMove: (run: Run, to: JobMove, place: number) => Promise<void>;
  readonly onCancel: (run: Run) => void;
}

/** Only queued runs of the same model change places. */
function QueueList({ runs, now, onMove, onCancel }: QueueListProps) {
  const list = useRef<HTMLOListElement>(null);
  const fellows = (run: Run) => runs.filter(({ phase, job }) => phase === 'queued' && job?.model === run.job?.model);
  /** To another place among its fellows. */
  const moveTo = (run: Run, at: number) => {
    const among = fellows(run);
    const from = among.indexOf(run);
    const to = Math.min(among.length - 1, Math.max(0, at));
    if (from < 0 || to === from) return;
    const follower = among[to > from ? to + 1 : to]?.job?.id;
    const place = follower === undefined ? ({ to: 'last' } as const) : { before: follower };
    void onMove(run, to === 0 ? { to: 'first' } : place, to + 1);
  };
  const drag = useDrag(list, (run, over) => {
    const target = fellows(run).findIndex(({ key }) => key === over);
    if (target >= 0) moveTo(run, target);
  });
  return (
    <ol ref={list} className="queue-list">
      {runs.map((run) => (
        <QueueRow
          key={run.key}
          run={run}
          now={now}
          place={fellows(run).indexOf(run)}
          count={fellows(run).length}
          onMove={(to) => moveTo(run, to)}
          onCancel={() => onCancel(run)}
          drag={drag.of(run)}
          className={drag.classOf(run)}
        />
      ))}
    </ol>
  );
}

/** Drags a run by its handle, with the mouse, a pen or a finger. @param onDrop with the key of the run that it is over in the end */
function useDrag(list: RefObject<HTMLElement | null>, onDrop: (run: Run, over: string) => void) {
  const [dragged, setDragged] = useState<{ readonly key: string; readonly over: string }>();
  const keyAt = ({ clientX, clientY }: PointerEvent) => {
    const row = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('li[data-key]') ?? null;
    return list.current?.contains(row) ? row?.dataset.key : undefined;
  };
  const of = (run: Run) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      setDragged({ key: run.key, over: run.key });
    },
    onPointerMove: (event: PointerEvent) => {
      const over = keyAt(event);
      if (dragged !== undefined && over !== undefined && over !== dragged.over) setDragged({ ...dragged, over });
    },
    onPointerUp: (event: PointerEvent) => {
      setDragged(undefined);
      // What a quick hand moved over last is not drawn yet.
      const over = keyAt(event);
      if (over !== undefined) onDrop(run, over);
    },
    onPointerCancel: () => setDragged(undefined),
  });
  const classOf = ({ key }: Run) => (dragged?.key === key ? 'dragged' : dragged?.over === key ? 'over' : undefined);
  return { of, classOf };
}

interface QueueRowProps {
  readonly run: Run;
  readonly now: number;
  /** Among the runs that it changes places with; −1: with none. */
  readonly place: number;
  readonly count: number;
  readonly onMove: (to: number) => void;
  readonly onCancel: () => void;
  readonly drag: ReturnType<ReturnType<typeof useDrag>['of']>;
  readonly className: string | undefined;
}

function QueueRow({ run, now, place, count, onMove, onCancel, drag, className }: QueueRowProps) {
  const { isConnected } = useRuns();
  const { prompt } = run.request;
  const canMove = place >= 0 && count > 1;
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onMove(place + by);
  };
  return (
    <li data-key={run.key} data-phase={run.phase} className={className}>
      {canMove ? (
        <button
          type="button"
          className="plain queue-handle"
          aria-label={`Move: ${prompt}`}
          title="Drag, or press ↑ or ↓"
          onKeyDown={onKeyDown}
          {...drag}
        >
          ⠿
        </button>
      ) : (
        <span className="queue-handle" aria-hidden="true" />
      )}
      <div className="about">
        <p className="prompt" dir="auto" title={prompt}>
          {prompt}
        </p>
        <small className={isConnected ? 'quiet' : 'wrong'}>{statusOf(run, now, isConnected)}</small>
        {run.step !== undefined && (
          <progress max={run.step.total} value={run.step.index} aria-label={`Progress: ${prompt}`} />
        )}
      </div>
      {canMove && place > 0 && (
        <button type="button" aria-label={`Run next: ${prompt}`} onClick={() => onMove(0)}>
          Run next
        </button>
      )}
      <button
        type="button"
        aria-label={`Cancel in the queue: ${prompt}`}
        disabled={run.job === undefined}
        onClick={onCancel}
      >
        Cancel
      </button>
    </li>
  );
}
