import type { Job } from '@easel/contract';
import { useRef, useState } from 'react';
import { pictures } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { AddToCollection } from './add-to-collection.tsx';
import type { SelectedPicture } from './download-zip.ts';
import { forEachOf } from './many.ts';
import type { Collections } from './use-collections.ts';

export interface SelectionActionsProps {
  readonly selected: readonly SelectedPicture[];
  readonly collections: Collections;
  /** The collection that is shown; empty: none. */
  readonly shown: string;
  /** A run has changed, or lost pictures. */
  readonly onChanged: (job: Job) => void;
  readonly onRemoved: (job: Job) => void;
  /** What was selected is dealt with, and no longer selected. @param said what was done */
  readonly onDone: (said: string) => void;
}

interface Said {
  readonly kind: 'progress' | 'done' | 'problem';
  readonly text: string;
}

/** What can be done with all of the selected pictures at once. */
export function SelectionActions(props: SelectionActionsProps) {
  const { selected, onDone } = props;
  const { said, say, run, stop } = useWork();
  const { favourite, remove } = useChanges(props);
  const isBusy = said?.kind === 'progress';
  const areFavourites = selected.every(({ job }) => job.favourite);
  return (
    <>
      <button
        type="button"
        disabled={isBusy}
        title="Of all pictures of their runs"
        onClick={() => void run('Marking', (signal, tell) => favourite(!areFavourites, signal, tell))}
      >
        {areFavourites ? 'Remove from favourites' : 'Favourite'}
      </button>
      <CollectionButtons {...props} isBusy={isBusy} run={run} say={(text) => say({ kind: 'done', text })} />
      <ZipButton selected={selected} isBusy={isBusy} run={run} />
      <ConfirmButton
        className="delete"
        disabled={isBusy}
        question={`Really delete ${pictures(selected.length)}?`}
        onConfirm={() =>
          void run('Deleting', async (signal, tell) => {
            onDone(await remove(signal, tell));
            return undefined;
          })
        }
      >
        Delete
      </ConfirmButton>
      {isBusy && (
        <>
          <span className="quiet">{said.text}</span>
          <button type="button" className="plain" onClick={stop}>
            Stop
          </button>
        </>
      )}
      {/* Not each step of the progress, which would be read aloud. */}
      <span role="status" className={said?.kind === 'problem' ? 'wrong' : 'quiet'}>
        {!isBusy && said?.text}
      </span>
    </>
  );
}

interface CollectionButtonsProps extends SelectionActionsProps {
  readonly isBusy: boolean;
  readonly run: (what: string, work: Work) => Promise<void>;
  readonly say: (text: string) => void;
}

function CollectionButtons({ isBusy, run, say, ...props }: CollectionButtonsProps) {
  const { selected, collections, shown, onDone } = props;
  const [isAdding, setAdding] = useState(false);
  const images = selected.map(({ image }) => image.id);
  const takeOut: Work = async () => {
    await collections.takeOut(shown, images);
    removeFromView(props);
    onDone(`${pictures(images.length)} removed from the collection`);
    return undefined;
  };
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => setAdding(true)}>
        Add to collection…
      </button>
      {shown !== '' && (
        <button type="button" disabled={isBusy} onClick={() => void run('Removing', takeOut)}>
          Remove from collection
        </button>
      )}
      {isAdding && (
        <AddToCollection
          collections={collections}
          images={images}
          onClose={() => setAdding(false)}
          onDone={(text) => {
            setAdding(false);
            say(text);
          }}
        />
      )}
    </>
  );
}

/** @returns what to say of it; undefined: nothing */
type Work = (signal: AbortSignal, tell: (progress: string) => void) => Promise<string | undefined>;

/** One thing at a time, with its progress, its end and its problem in words. */
function useWork() {
  const [said, say] = useState<Said>();
  const controller = useRef<AbortController>(undefined);
  const run = async (what: string, work: Work) => {
    const own = new AbortController();
    controller.current = own;
    say({ kind: 'progress', text: `${what}…` });
    try {
      const text = await work(own.signal, (progress) => say({ kind: 'progress', text: `${what} ${progress}` }));
      say(text === undefined ? undefined : { kind: 'done', text });
    } catch (error) {
      say(own.signal.aborted ? { kind: 'done', text: 'Stopped.' } : { kind: 'problem', text: messageOf(error) });
    }
  };
  return { said, say, run, stop: () => controller.current?.abort() };
}

interface ZipButtonProps {
  readonly selected: readonly SelectedPicture[];
  readonly isBusy: boolean;
  readonly run: (what: string, work: Work) => Promise<void>;
}

function ZipButton({ selected, isBusy, run }: ZipButtonProps) {
  const { client } = useSession();
  const download: Work = async (signal, tell) => {
    const { downloadZip } = await import('./download-zip.ts'); // loaded on demand: few users need it
    return downloadZip(client, selected, { signal, onProgress: tell });
  };
  return (
    <button type="button" disabled={isBusy} onClick={() => void run('Downloading', download)}>
      Download ZIP
    </button>
  );
}

function useChanges({ selected, collections, onChanged, onRemoved }: SelectionActionsProps) {
  const { client } = useSession();
  const byJob = [...Map.groupBy(selected, ({ job }) => job.id).values()];
  const jobs = byJob.flatMap((ofRun) => ofRun.slice(0, 1).map(({ job }) => job));
  return {
    async favourite(isFavourite: boolean, signal: AbortSignal, tell: (progress: string) => void) {
      const changed = jobs.filter((job) => job.favourite !== isFavourite);
      const mark = async ({ id }: Job) => onChanged(await client.jobs.change(id, { favourite: isFavourite }));
      const outcome = await forEachOf(changed, mark, {
        signal,
        onProgress: (count) => tell(`${count} of ${changed.length}`),
      });
      requireAll(outcome.failed);
      return undefined;
    },
    async remove(signal: AbortSignal, tell: (progress: string) => void) {
      let count = 0;
      const removeOf = async (ofRun: readonly SelectedPicture[]) => {
        const gone = new Set(ofRun.map(({ image }) => image.id));
        const [job] = ofRun.map((picture) => picture.job);
        if (job === undefined) return;
        const images = job.images.filter(({ id }) => !gone.has(id));
        if (images.length === 0) await client.jobs.forget(job.id);
        else for (const id of gone) await client.images.delete(id);
        count += gone.size;
        tell(`${count} of ${selected.length}`);
        if (images.length === 0) onRemoved(job);
        else onChanged({ ...job, images });
      };
      const outcome = await forEachOf(byJob, removeOf, { signal });
      collections.retry();
      requireAll(outcome.failed);
      return `${pictures(count)} deleted`;
    },
  };
}

/** @throws the first error */
function requireAll(failed: readonly { readonly error: unknown }[]): void {
  const [first] = failed;
  if (first !== undefined) throw first.error;
}

/** The gallery shows a collection, which has lost these pictures. */
function removeFromView({ selected, onChanged, onRemoved }: SelectionActionsProps): void {
  for (const ofRun of Map.groupBy(selected, ({ job }) => job.id).values()) {
    const gone = new Set(ofRun.map(({ image }) => image.id));
    const job = ofRun[0]?.job;
    const images = job?.images.filter(({ id }) => !gone.has(id)) ?? [];
    if (job === undefined) continue;
    if (images.length === 0) onRemoved(job);
    else onChanged({ ...job, images });
  }
}
