import type { Job } from '@easel/contract';
import { useMemo, useState } from 'react';
import type { ListedPicture } from './pictures.ts';

export type Selection = ReturnType<typeof useSelection>;

/** The pictures that were selected in the gallery, in the order in which they were, whatever has been searched for since. */
export function useSelection(pictures: readonly ListedPicture[]) {
  const [selected, setSelected] = useState<readonly ListedPicture[]>([]);
  const [isComparing, setComparing] = useState(false);
  const ids = useMemo(() => new Set(selected.map(({ image }) => image.id)), [selected]);
  const add = (more: readonly ListedPicture[]) => [...selected, ...more.filter(({ image }) => !ids.has(image.id))];
  const toggle = (picture: ListedPicture): readonly ListedPicture[] => {
    const others = selected.filter(({ image }) => image.id !== picture.image.id);
    const next = others.length < selected.length ? others : [...selected, picture];
    setSelected(next);
    return next;
  };
  return {
    selected,
    /** Whether two of them are shown beside each other. */
    isComparing,
    isSelected: ({ image }: ListedPicture) => ids.has(image.id),
    toggle: (picture: ListedPicture) => void toggle(picture),
    /** Selects it, and compares it at once with the other one that is selected. */
    compareWith: (picture: ListedPicture) => setComparing(toggle(picture).length === 2),
    compare: () => setComparing(true),
    endComparison() {
      setComparing(false);
      setSelected([]);
    },
    /** With all between it and the one selected last. */
    extend(picture: ListedPicture): void {
      const placeOf = (id: string | undefined) => pictures.findIndex(({ image }) => image.id === id);
      const [from, to] = [placeOf(selected.at(-1)?.image.id), placeOf(picture.image.id)];
      const range = from < 0 ? [picture] : pictures.slice(Math.min(from, to), Math.max(from, to) + 1);
      setSelected(add(range));
    },
    remove: ({ image }: ListedPicture) => setSelected((before) => before.filter((each) => each.image.id !== image.id)),
    /** A run has changed, or has lost pictures. */
    update: (job: Job) =>
      setSelected((before) =>
        before.flatMap((each) => {
          if (each.job.id !== job.id) return [each];
          return job.images.some(({ id }) => id === each.image.id) ? [{ ...each, job }] : [];
        }),
      ),
    /** All that have been loaded. */
    selectAll: () => setSelected(pictures),
    clear: () => setSelected([]),
  };
}
