import { lazy, Suspense, useState } from 'react';
import { createPortal } from 'react-dom';
import { Overlay } from '../parts/overlay.tsx';
import { useRuns } from '../runs/runs.tsx';
import '../styles/queue.css';

const QueuePanel = lazy(async () => ({ default: (await import('./queue-panel.tsx')).QueuePanel }));

/** The `id` of the header's place for it. */
export const QUEUE_PLACE = 'queue-place';

/** How many runs are unfinished, in the header; opens the list of them. There is none while nothing is to be done. */
export function QueueButton() {
  const { unfinished, isConnected } = useRuns();
  const [isOpen, setOpen] = useState(false);
  const count = unfinished.length;
  const place = document.getElementById(QUEUE_PLACE);
  return (
    <>
      {place !== null &&
        (count > 0 || !isConnected) &&
        createPortal(
          <button
            type="button"
            className="queue-button"
            aria-haspopup="dialog"
            aria-label={`Queue: ${count} unfinished${isConnected ? '' : ', connection lost'}`}
            onClick={() => setOpen(true)}
          >
            Queue <b aria-hidden="true">{isConnected ? count : '!'}</b>
          </button>,
          place,
        )}
      {isOpen && (
        <Overlay label="Queue" className="queue" onClose={() => setOpen(false)}>
          <Suspense fallback={<p className="quiet">Loading…</p>}>
            <QueuePanel />
          </Suspense>
        </Overlay>
      )}
    </>
  );
}
