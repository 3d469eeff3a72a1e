import type { EaselClient } from '@easel/client';
import { EaselError } from '@easel/client';
import { useEffect, useRef, useState } from 'react';
import { pictures } from '../format/text.ts';
import { SmallDialog } from '../parts/small-dialog.tsx';
import { messageOf, retryUntilAnswered, toSentence } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { forEachOf } from './many.ts';
import { type PictureFiles, picturesAmong } from './picture-files.ts';
import '../styles/collections.css';

export interface ImportDialogProps {
  /** Files to begin with; undefined: they are chosen here. */
  readonly files: readonly File[] | undefined;
  readonly onClose: () => void;
}

interface Progress {
  readonly total: number;
  readonly finished: number;
  readonly imported: number;
  readonly known: number;
  readonly others: number;
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly isOver: boolean;
}

/** Takes picture files over into the gallery, with what they tell of how they were made. */
export function ImportDialog({ files, onClose }: ImportDialogProps) {
  const { progress, start, stop } = useImport(files);
  const isBusy = progress !== undefined && !progress.isOver;
  return (
    <SmallDialog title="Import pictures" onClose={onClose} isBusy={isBusy}>
      {progress === undefined ? (
        <ChooseFiles onChoose={start} />
      ) : (
        <>
          <label className="stack">
            {isBusy ? `Importing ${progress.finished} of ${progress.total}` : 'Import finished'}
            <progress max={Math.max(1, progress.total)} value={progress.finished} />
          </label>
          {isBusy ? (
            <button type="button" onClick={stop}>
              Stop
            </button>
          ) : (
            <Summary progress={progress} />
          )}
        </>
      )}
    </SmallDialog>
  );
}

function ChooseFiles({ onChoose }: { readonly onChoose: (files: readonly File[]) => void }) {
  const [files, folder] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const take = (input: HTMLInputElement) => {
    const chosen = [...(input.files ?? [])];
    if (chosen.length > 0) onChoose(chosen);
  };
  return (
    <>
      <p>
        PNG, JPEG and WebP files. Prompts and settings are read from the files of Easel, AUTOMATIC1111, InvokeAI,
        ComfyUI, Fooocus and SwarmUI. Importing costs nothing.
      </p>
      <div className="row wrap">
        <button type="button" className="primary" onClick={() => files.current?.click()}>
          Choose files
        </button>
        <button type="button" onClick={() => folder.current?.click()}>
          Choose a folder
        </button>
      </div>
      <input
        ref={files}
        type="file"
        hidden
        multiple
        accept="image/png,image/jpeg,image/webp"
        aria-label="Files to import"
        onChange={({ currentTarget }) => take(currentTarget)}
      />
      <input
        ref={(input) => {
          folder.current = input;
          // React knows no attribute for it.
          if (input !== null) input.webkitdirectory = true;
        }}
        type="file"
        hidden
        multiple
        aria-label="Folder to import"
        onChange={({ currentTarget }) => take(currentTarget)}
      />
    </>
  );
}

function Summary({ progress: { imported, known, others, refused, finished, total } }: { readonly progress: Progress }) {
  return (
    <>
      <ul role="status" className="plain-list">
        <li>{pictures(imported)} imported</li>
        {known > 0 && <li>{pictures(known)} left out: already in the gallery</li>}
        {others > 0 && <li>{others === 1 ? '1 other file' : `${others} other files`} left out: no pictures</li>}
        {refused.length > 0 && <li>{pictures(refused.length)} refused</li>}
        {finished < total && <li>{pictures(total - finished)} not imported: stopped</li>}
      </ul>
      {refused.length > 0 && (
        <details open={refused.length <= 5}>
          <summary>Why</summary>
          <ul className="reasons">
            {refused.map(({ name, reason }) => (
              <li key={name}>
                <bdi>{name}</bdi>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function useImport(given: readonly File[] | undefined) {
  const { client } = useSession();
  const [progress, setProgress] = useState<Progress>();
  const controller = useRef<AbortController>(undefined);
  const start = async ({ pictures: files, others }: PictureFiles) => {
    const own = new AbortController();
    controller.current = own;
    const nothing = { finished: 0, imported: 0, known: 0, refused: [], isOver: false };
    setProgress({ ...nothing, total: files.length, others });
    const take = async (file: File) => {
      const result = await importFile(client, file, own.signal);
      setProgress((before) => before && withResult(before, file, result));
    };
    await forEachOf(files, take, { atOnce: 2, signal: own.signal });
    setProgress((before) => before && { ...before, isOver: true });
  };
  const latest = useRef(start);
  latest.current = start;
  useEffect(() => {
    if (given !== undefined) void latest.current(picturesAmong(given));
  }, [given]);
  useEffect(() => () => controller.current?.abort(), []);
  return {
    progress,
    start: (chosen: readonly File[]) => void start(picturesAmong(chosen)),
    stop: () => controller.current?.abort(),
  };
}

/** What became of a file: the reason, if it was refused. */
type Result = 'imported' | 'known' | { readonly reason: string };

function withResult(before: Progress, { name }: File, result: Result): Progress {
  const after = { ...before, finished: before.finished + 1 };
  if (result === 'imported') return { ...after, imported: before.imported + 1 };
  if (result === 'known') return { ...after, known: before.known + 1 };
  return { ...after, refused: [...before.refused, { name, reason: result.reason }] };
}

/** A server that has too much to do is asked again. @throws the signal's reason */
async function importFile(client: EaselClient, file: File, signal: AbortSignal): Promise<Result> {
  try {
    const image = await dataUrlOf(file);
    const body = { image, file_name: [...file.name.toWellFormed()].slice(-255).join('') };
    await retryUntilAnswered(() => client.images.import(body, { signal }), signal);
    return 'imported';
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EaselError && error.code === 'conflict') return 'known';
    // What to do about a field of a request is for programs.
    return {
      reason:
        error instanceof EaselError && error.code === 'invalid_request' ? toSentence(error.message) : messageOf(error),
    };
  }
}

function dataUrlOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error('the file cannot be read'));
    reader.readAsDataURL(file);
  });
}
