import { type ReactNode, Suspense } from 'react';
import { pictures } from '../format/text.ts';
import { lazyView } from '../parts/lazy-view.tsx';
import { useShortcuts } from '../shortcuts.ts';
import type { Selection } from './use-selection.ts';

/** Loaded for the first comparison. */
const CompareDialog = lazyView(() => import('../viewer/compare-dialog.tsx').then((module) => module.CompareDialog));

export interface SelectionBarProps {
  readonly selection: Selection;
  /** What can be done with any number of them. */
  readonly children: ReactNode;
}

/** What can be done with the selected pictures. */
export function SelectionBar({ selection, children }: SelectionBarProps) {
  const { selected, selectAll, clear, isComparing, compare, endComparison } = selection;
  const [left, right] = selected;
  useShortcuts({ selectAll, ...(left !== undefined && { clearSelection: clear }) });
  if (left === undefined) return null;
  return (
    <section className="selection-bar" aria-label="Selected pictures">
      <p role="status">{pictures(selected.length)} selected</p>
      <button
        type="button"
        disabled={selected.length !== 2}
        title={selected.length === 2 ? undefined : 'Select two pictures to compare them'}
        onClick={compare}
      >
        Compare
      </button>
      {children}
      <button type="button" className="plain" onClick={clear}>
        Clear selection
      </button>
      {isComparing && right !== undefined && (
        <Suspense>
          <CompareDialog left={left} right={right} onClose={endComparison} />
        </Suspense>
      )}
    </section>
  );
}
