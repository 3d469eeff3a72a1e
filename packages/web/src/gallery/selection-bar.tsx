import { Suspense } from 'react';
import { lazyView } from '../parts/lazy-view.tsx';
import type { Selection } from './use-selection.ts';

/** Loaded for the first comparison. */
const CompareDialog = lazyView(() => import('../viewer/compare-dialog.tsx').then((module) => module.CompareDialog));

/** What can be done with the selected pictures. */
export function SelectionBar({ selection }: { readonly selection: Selection }) {
  const { selected, clear, isComparing, compare, endComparison } = selection;
  const [left, right] = selected;
  if (left === undefined) return null;
  return (
    <section className="selection-bar" aria-label="Selected pictures">
      <p role="status">{selected.length === 1 ? '1 picture selected' : `${selected.length} pictures selected`}</p>
      <button
        type="button"
        disabled={selected.length !== 2}
        title={selected.length === 2 ? undefined : 'Select two pictures to compare them'}
        onClick={compare}
      >
        Compare
      </button>
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
