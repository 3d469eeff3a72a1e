import { useMemo, useState } from 'react';
import type { ListedPicture } from './pictures.ts';

export type Selection = ReturnType<typeof useSelection>;

/** The pictures that were selected in the gallery, in the order in which they were, whatever has been searched for since. */
export function useSelection(pictures: readonly ListedPicture[]) {
  const [selected, setSelected] = useState<readonly ListedPicture[]>([]);
  const ids = useMemo(() => new Set(selected.map(({ image }) => image.id)), [selected]);
  const add = (more: readonly ListedPicture[]) => [...selected, ...more.filter(({ image }) => !ids.has(image.id))];
  return {
    selected,
    isSelected: ({ image }: ListedPicture) => ids.has(image.id),
    /** @returns the pictures that are then selected */
    toggle(picture: ListedPicture): readonly ListedPicture[] {
      const others = selected.filter(({ image }) => image.id !== picture.image.id);
      const next = others.length < selected.length ? others : [...selected, picture];
      setSelected(next);
      return next;
    },
    /** With all between it and the one selected last. */
    extend(picture: ListedPicture): void {
      const placeOf = (id: string | undefined) => pictures.findIndex(({ image }) => image.id === id);
      const [from, to] = [placeOf(selected.at(-1)?.image.id), placeOf(picture.image.id)];
      const range = from < 0 ? [picture] : pictures.slice(Math.min(from, to), Math.max(from, to) + 1);
      setSelected(add(range));
    },
    remove: ({ image }: ListedPicture) => setSelected((before) => before.filter((each) => each.image.id !== image.id)),
    clear: () => setSelected([]),
  };
}
