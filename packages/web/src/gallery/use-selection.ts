import { useMemo, useState } from 'react';
import type { ListedPicture } from './pictures.ts';

export type Selection = ReturnType<typeof useSelection>;

/** The pictures that were selected in the gallery, in the order in which they were. What has been deleted is no longer among them. */
export function useSelection(pictures: readonly ListedPicture[]) {
  const [ids, setIds] = useState<readonly string[]>([]);
  const selected = useMemo(() => {
    const there = new Map(ids.length === 0 ? [] : pictures.map((picture) => [picture.image.id, picture]));
    return ids.flatMap((id) => there.get(id) ?? []);
  }, [pictures, ids]);
  const set = useMemo(() => new Set(ids), [ids]);
  return {
    selected,
    isSelected: ({ image }: ListedPicture) => set.has(image.id),
    /** @returns the ids that are then selected */
    toggle({ image }: ListedPicture): readonly string[] {
      const others = ids.filter((id) => id !== image.id);
      const next = others.length < ids.length ? others : [...ids, image.id];
      setIds(next);
      return next;
    },
    /** With all between it and the one selected last. */
    extend({ image }: ListedPicture): void {
      const placeOf = (id: string | undefined) => pictures.findIndex((each) => each.image.id === id);
      const [from, to] = [placeOf(ids.at(-1)), placeOf(image.id)];
      const [first, last] = [Math.min(from, to), Math.max(from, to)];
      const range = first < 0 ? [] : pictures.slice(first, last + 1).map((each) => each.image.id);
      setIds([...new Set([...ids, ...range, image.id])]);
    },
    clear: () => setIds([]),
  };
}
