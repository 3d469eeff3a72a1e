import { type MouseEvent, useState } from 'react';
import type { Zoom } from './use-zoom.ts';

export interface PictureStageProps {
  readonly source: string;
  /** A small version, in sight until the picture is loaded. */
  readonly placeholder?: string;
  readonly alt: string;
  readonly zoom: Zoom;
  /** A press beside the picture. */
  readonly onBeside?: () => void;
}

/** A picture on a neutral surround, which it fills as far as its shape allows. */
export function PictureStage({ source, placeholder, alt, zoom, onBeside }: PictureStageProps) {
  const [loaded, setLoaded] = useState<string>();
  const { box, view, size, isCut, handlers } = zoom;
  const press = ({ currentTarget, clientX, clientY, detail }: MouseEvent) => {
    // The box has captured the pointer, so that all presses in it are its own, those on the picture too.
    const picture = currentTarget.querySelector('img')?.getBoundingClientRect() ?? new DOMRect();
    const isAcross = clientX < picture.left || clientX > picture.right;
    const isBeside = isAcross || clientY < picture.top || clientY > picture.bottom;
    // The second half of a double click, or the end of a drag in an enlarged picture, is no press beside it.
    if (isBeside && detail === 1 && !isCut) onBeside?.();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and buttons of the viewer do what pointers do here
    <div ref={box} className={isCut ? 'zoom-box cut-off' : 'zoom-box'} {...handlers} onClick={press}>
      <img
        src={source}
        alt={alt}
        dir="auto"
        draggable={false}
        data-loaded={loaded === source}
        style={{
          ...(loaded !== source && placeholder !== undefined && { backgroundImage: `url(${placeholder})` }),
          width: size.width,
          height: size.height,
          transform: `translate(-50%, -50%) translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
        }}
        onLoad={() => setLoaded(source)}
      />
    </div>
  );
}
