import { useEffect, useRef, useState } from 'react';

/**
 * Receives a file that is dropped anywhere in the window, or pasted.
 *
 * @returns whether one is being dragged over the window
 */
export function useGivenFile(onFile: (file: File) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const unmount = new AbortController();
    const listen = { signal: unmount.signal };
    // Browsers call a picture of the page that is dragged a file, too.
    let isOwn = false;
    const markOwn = ({ type }: Event) => {
      isOwn = type === 'dragstart';
    };
    window.addEventListener('dragstart', markOwn, listen);
    window.addEventListener('dragend', markOwn, listen);
    window.addEventListener(
      'dragover',
      ({ dataTransfer }) => {
        if (!isOwn && dataTransfer?.types.includes('Files')) setOver(true);
      },
      listen,
    );
    window.addEventListener(
      'dragleave',
      ({ relatedTarget }) => {
        if (relatedTarget === null) setOver(false);
      },
      listen,
    );
    window.addEventListener(
      'drop',
      ({ dataTransfer }) => {
        setOver(false);
        const file = dataTransfer?.files[0];
        if (!isOwn && file !== undefined) latest.current(file);
      },
      listen,
    );
    window.addEventListener(
      'paste',
      (event) => {
        const file = pastedPicture(event);
        if (file === undefined) return;
        event.preventDefault();
        latest.current(file);
      },
      listen,
    );
    return () => unmount.abort();
  }, []);
  return isOver;
}

/** A picture on the clipboard, unless a text field is to have a text that is there, too, or a dialog covers the form. */
function pastedPicture({ clipboardData, target }: ClipboardEvent): File | undefined {
  if (clipboardData === null || document.querySelector('dialog[open]') !== null) return undefined;
  const isField = target instanceof HTMLElement && target.matches('input, textarea');
  if (isField && clipboardData.types.includes('text/plain')) return undefined;
  return [...clipboardData.files].find(({ type }) => type.startsWith('image/'));
}

/** Over the whole window while a file is dragged: it moves nothing, and takes no part in dragging itself. */
export function DropOverlay() {
  return (
    <div className="drop-overlay">
      <p>Drop a picture to restore its settings or use it as a start image</p>
    </div>
  );
}
