import { type DragEvent as ReactDragEvent, useEffect, useState } from 'react';
import { addressOf, go } from '../router.ts';
import { useModels } from '../session/session.tsx';
import { loadSettings, setPendingSettings } from '../settings/initial-settings.ts';
import { withStart } from '../settings/settings.ts';

interface Dragged {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** While a picture of this server is dragged, in whichever view: the place to drop it to use it as a start image. */
export function DraggedPicture() {
  const dragged = useDragged();
  const { reply: models = [] } = useModels();
  const [isOver, setOver] = useState(false);
  const [first, ...others] = models;
  if (dragged === undefined || first === undefined) return null;
  const drop = (event: ReactDragEvent) => {
    event.preventDefault();
    setOver(false);
    const settings = loadSettings([first, ...others]);
    const sizes = models.find(({ id }) => id === settings.model)?.sizes ?? [];
    setPendingSettings(withStart(settings, dragged.path, dragged, sizes));
    go(addressOf('playground'));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button "Use as start image" of each picture does the same
    <div
      className={isOver ? 'drop-bar over-it' : 'drop-bar'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      Drop here to use it as the start image
    </div>
  );
}

/** The picture of this server that is being dragged. */
function useDragged(): Dragged | undefined {
  const [dragged, setDragged] = useState<Dragged>();
  useEffect(() => {
    const unmount = new AbortController();
    const listen = { signal: unmount.signal };
    const start = ({ target }: DragEvent) => {
      if (!(target instanceof HTMLImageElement)) return;
      const path = new URL(target.currentSrc || target.src).pathname;
      if (!path.startsWith('/api/images/')) return;
      const { naturalWidth, naturalHeight } = target; // of a thumbnail: its shape is what counts
      // A browser that has the page changed while a drag begins gives the drag up.
      setTimeout(() => setDragged({ path, width: naturalWidth, height: naturalHeight }));
    };
    window.addEventListener('dragstart', start, listen);
    window.addEventListener('dragend', () => setDragged(undefined), listen);
    window.addEventListener('drop', () => setDragged(undefined), listen);
    return () => unmount.abort();
  }, []);
  return dragged;
}
