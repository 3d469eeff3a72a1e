import { useEffect, useRef, useState } from 'react';
import type { Phase, Run } from './run.ts';
import { useRuns } from './runs.tsx';

const ends: Partial<Readonly<Record<Phase, string>>> = { succeeded: 'Done', cancelled: 'Cancelled' };

/**
 * Says what became of a run to whoever listens to the page; failures are alerts where they are shown. The steps are not said: thirty
 * of them would talk over everything else.
 */
export function Announcer() {
  const { runs } = useRuns();
  const [text, setText] = useState('');
  const known = useRef<readonly Run[]>([]);
  useEffect(() => {
    for (const { key, phase, request } of runs) {
      const before = known.current.find((run) => run.key === key)?.phase;
      const words = phase === 'queued' && before === 'sending' ? 'Queued' : ends[phase];
      if (before !== undefined && before !== phase && words !== undefined) setText(`${words}: ${request.prompt}`);
    }
    known.current = runs;
  }, [runs]);
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  );
}
