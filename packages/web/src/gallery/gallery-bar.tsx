import { type ReactNode, useState } from 'react';
import { CollectionFilter } from '../collections/collection-filter.tsx';
import { ImportButton } from '../collections/import-button.tsx';
import { SelectionActions } from '../collections/selection-actions.tsx';
import { useCollections } from '../collections/use-collections.ts';
import type { Filter } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { SelectionBar } from './selection-bar.tsx';
import type { Gallery } from './use-gallery.ts';
import type { Selection } from './use-selection.ts';
import '../styles/collections.css';

export interface GalleryBarProps {
  readonly filter: Filter;
  readonly onSearch: (change: Partial<Filter>) => void;
  readonly gallery: Gallery;
  readonly selection: Selection;
  /** What else stands beside the search. */
  readonly children: ReactNode;
}

/** What stays in sight above the pictures: the search, collections, the import, and what can be done with the selected ones. */
export function GalleryBar(props: GalleryBarProps) {
  const { filter, onSearch, gallery, selection, children } = props;
  const collections = useCollections();
  const [said, setSaid] = useState<string>();
  return (
    <div className="gallery-bar">
      <h1>Gallery</h1>
      <FilterBar filter={filter} onChange={onSearch}>
        <CollectionFilter
          collections={collections}
          chosen={filter.collection}
          onChoose={(collection) => onSearch({ collection })}
        />
        <ImportButton onImported={gallery.refresh} />
        {children}
      </FilterBar>
      <SelectionBar selection={selection}>
        <SelectionActions
          selected={selection.selected}
          collections={collections}
          shown={filter.collection}
          onChanged={(job) => {
            gallery.replace(job);
            selection.update(job);
          }}
          onRemoved={(job) => {
            gallery.remove(job);
            selection.update({ ...job, images: [] });
          }}
          onDone={(text) => {
            setSaid(text);
            selection.clear();
          }}
        />
      </SelectionBar>
      <p role="status" className="quiet selection-said">
        {selection.selected.length === 0 && said}
      </p>
    </div>
  );
}
