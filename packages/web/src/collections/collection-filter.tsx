import { type Collection, limits } from '@easel/contract';
import { type FormEvent, useState } from 'react';
import { pictures as counted } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
import { SmallDialog } from '../parts/small-dialog.tsx';
import { useAttempt } from '../session/requests.ts';
import type { Collections } from './use-collections.ts';

export interface CollectionFilterProps {
  readonly collections: Collections;
  /** The id of the one that is shown; empty: all pictures. */
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** Which collection the gallery shows. Nothing before there is one: collections begin with selected pictures. */
export function CollectionFilter({ collections, chosen, onChoose }: CollectionFilterProps) {
  const [isOpen, setOpen] = useState(false);
  const { all } = collections;
  // The last one may be deleted in the dialog, which then stays.
  if (all.length === 0 && chosen === '' && !isOpen) return null;
  const isKnown = all.some(({ id }) => id === chosen);
  return (
    <div className="row collection-filter">
      <select aria-label="Collection" value={chosen} onChange={(event) => onChoose(event.target.value)}>
        <option value="">All pictures</option>
        {chosen !== '' && !isKnown && <option value={chosen}>Another collection</option>}
        {all.map(({ id, name, pictures }) => (
          <option key={id} value={id}>
            {name} ({pictures})
          </option>
        ))}
      </select>
      <button
        type="button"
        className="plain"
        aria-label="Manage collections"
        title="Manage collections"
        onClick={() => setOpen(true)}
      >
        …
      </button>
      {isOpen && (
        <ManageCollections
          collections={collections}
          onClose={() => setOpen(false)}
          onRemoved={(id) => id === chosen && onChoose('')}
        />
      )}
    </div>
  );
}

interface ManageCollectionsProps {
  readonly collections: Collections;
  readonly onClose: () => void;
  readonly onRemoved: (id: string) => void;
}

function ManageCollections({ collections, onClose, onRemoved }: ManageCollectionsProps) {
  const { problem, attempt } = useAttempt();
  return (
    <SmallDialog title="Collections" onClose={onClose}>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <LoadError problem={collections.problem} retry={collections.retry} />
      {collections.all.length === 0 && <p className="quiet">No collections. Select pictures to begin one.</p>}
      <ul className="collection-list">
        {collections.all.map((each) => (
          <CollectionRow
            key={each.id}
            collection={each}
            onRename={(name) => void attempt(() => collections.rename(each.id, name))}
            onRemove={() =>
              void attempt(async () => {
                await collections.remove(each.id);
                onRemoved(each.id);
              })
            }
          />
        ))}
      </ul>
      <p className="quiet">Deleting a collection keeps its pictures.</p>
    </SmallDialog>
  );
}

interface CollectionRowProps {
  readonly collection: Collection;
  readonly onRename: (name: string) => void;
  readonly onRemove: () => void;
}

function CollectionRow({ collection: { name, pictures }, onRename, onRemove }: CollectionRowProps) {
  const [draft, setDraft] = useState(name);
  const wanted = draft.trim();
  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (wanted !== '' && wanted !== name) onRename(wanted);
  };
  return (
    <li>
      <form className="row wrap" onSubmit={rename}>
        <input
          aria-label={`Name of ${name}`}
          dir="auto"
          maxLength={limits.collectionName.max}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        <small className="quiet">{counted(pictures)}</small>
        {wanted !== '' && wanted !== name && <button type="submit">Rename</button>}
        <ConfirmButton
          className="plain"
          question="Really delete?"
          aria-label={`Delete collection ${name}`}
          onConfirm={onRemove}
        >
          Delete
        </ConfirmButton>
      </form>
    </li>
  );
}
