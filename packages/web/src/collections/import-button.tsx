import { Suspense, useEffect, useRef, useState } from 'react';
import { lazyView } from '../parts/lazy-view.tsx';
import { filesOfDrop } from './picture-files.ts';

/** Loaded when it is first opened. */
const ImportDialog = lazyView(() => import('./import-dialog.tsx').then((module) => module.ImportDialog));

/** Opens the import, also for files and folders that are dropped on the view. @param onImported the dialog was closed */
export function ImportButton({ onImported }: { readonly onImported: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const [files, setFiles] = useState<readonly File[]>();
  const isOver = useDrop((dropped) => {
    if (dropped.length === 0) return;
    setFiles(dropped);
    setOpen(true);
  });
  const close = () => {
    setOpen(false);
    setFiles(undefined);
    onImported();
  };
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Import
      </button>
      {isOver && <p className="drop-here">Drop pictures or a folder to import them</p>}
      {isOpen && (
        <Suspense>
          <ImportDialog files={files} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

/** @returns whether files are being dragged over the window */
function useDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const over = ({ dataTransfer }: DragEvent) => {
      if (dataTransfer?.types.includes('Files')) setOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setOver(false);
    };
    const drop = ({ dataTransfer }: DragEvent) => {
      setOver(false);
      if (dataTransfer?.types.includes('Files')) void filesOfDrop(dataTransfer).then((files) => latest.current(files));
    };
    window.addEventListener('dragover', over, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('drop', drop, { signal });
    return () => controller.abort();
  }, []);
  return isOver;
}
