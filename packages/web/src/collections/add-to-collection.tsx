import { limits } from '@easel/contract';
import { type FormEvent, useState } from 'react';
import { pictures } from '../format/text.ts';
import { LoadError, Notice } from '../parts/notices.tsx';
import { SmallDialog } from '../parts/small-dialog.tsx';
import { messageOf } from '../session/requests.ts';
import type { Collections } from './use-collections.ts';

export interface AddToCollectionProps {
  readonly collections: Collections;
  /** The pictures' names. */
  readonly images: readonly string[];
  readonly onClose: () => void;
  /** @param said what was done */
  readonly onDone: (said: string) => void;
}

/** Puts pictures into a collection, a new one or one that is there. */
export function AddToCollection({ collections, images, onClose, onDone }: AddToCollectionProps) {
  const [name, setName] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const add = async (find: () => Promise<{ readonly id: string; readonly name: string }>) => {
    setBusy(true);
    try {
      const { id, name: into } = await find();
      await collections.add(id, images);
      onDone(`${pictures(images.length)} added to ${into}`);
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === '') return;
    // One of that name is meant, even where the list has not been read again since.
    const known = collections.all.find((each) => each.name === wanted);
    void add(async () => known ?? collections.create(wanted));
  };
  return (
    <SmallDialog title="Add to a collection" onClose={onClose} isBusy={isBusy}>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <LoadError problem={collections.problem} retry={collections.retry} />
      <ul className="collection-list">
        {collections.all.map((each) => (
          <li key={each.id}>
            <button type="button" disabled={isBusy} onClick={() => void add(async () => each)}>
              <bdi>{each.name}</bdi> <small className="quiet">{each.pictures}</small>
            </button>
          </li>
        ))}
      </ul>
      <form className="row wrap" onSubmit={create}>
        <input
          aria-label="Name of a new collection"
          placeholder="New collection"
          dir="auto"
          maxLength={limits.collectionName.max}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" disabled={isBusy || name.trim() === ''}>
          Create and add
        </button>
      </form>
    </SmallDialog>
  );
}
