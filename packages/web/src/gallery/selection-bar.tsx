import { CompareDialog } from '../viewer/compare-dialog.tsx';
import type { Selection } from './use-selection.ts';

export interface SelectionBarProps {
  readonly selection: Selection;
  readonly isComparing: boolean;
  readonly onCompare: () => void;
  /** The comparison is over. */
  readonly onClose: () => void;
}

/** What can be done with the selected pictures. */
export function SelectionBar({ selection, isComparing, onCompare, onClose }: SelectionBarProps) {
  const { selected, clear } = selection;
  const [left, right] = selected;
  if (left === undefined) return null;
  return (
    <section className="selection-bar" aria-label="Selected pictures">
      <p role="status">{selected.length === 1 ? '1 picture selected' : `${selected.length} pictures selected`}</p>
      <button
        type="button"
        disabled={selected.length !== 2}
        title={selected.length === 2 ? undefined : 'Select two pictures to compare them'}
        onClick={onCompare}
      >
        Compare
      </button>
      <button type="button" className="plain" onClick={clear}>
        Clear selection
      </button>
      {isComparing && right !== undefined && <CompareDialog left={left} right={right} onClose={onClose} />}
    </section>
  );
}
