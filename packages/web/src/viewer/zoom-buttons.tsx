import type { Keys } from './use-keys.ts';
import { ZOOM_STEP, type Zoom } from './use-zoom.ts';

/** Out, how large the picture is shown, and in. */
export function ZoomButtons({ zoom }: { readonly zoom: Zoom }) {
  const { percent, by, toggle } = zoom;
  return (
    <div className="row zoom-buttons">
      <button type="button" aria-label="Zoom out" title="Key: −" onClick={() => by(1 / ZOOM_STEP)}>
        −
      </button>
      <button
        type="button"
        className="level"
        aria-label={`Zoom: ${percent} %. Switch between the whole picture and 100 %`}
        title="100 %: one pixel of the picture is one of the screen. Key 0: the whole picture"
        onClick={() => toggle()}
      >
        {percent} %
      </button>
      <button type="button" aria-label="Zoom in" title="Key: +" onClick={() => by(ZOOM_STEP)}>
        +
      </button>
    </div>
  );
}

/** The keys that do the same. */
export function zoomKeys(zoom: Zoom): Keys {
  return {
    zoomIn: () => zoom.by(ZOOM_STEP),
    zoomOut: () => zoom.by(1 / ZOOM_STEP),
    wholePicture: () => zoom.fit(),
  };
}
