import type { Model } from '@easel/contract';
import { useId } from 'react';
import { MaskEdges } from '../parts/start-fields.tsx';
import type { Brush } from './mask-raster.ts';
import { type View, wholeView, zoomView } from './mask-stage.tsx';
import type { Draft } from './use-draft.ts';

export interface MaskPanelProps {
  readonly draft: Draft;
  readonly model: Model | undefined;
  readonly brush: Brush;
  readonly setBrush: (brush: Brush) => void;
  readonly view: View;
  readonly setView: (view: View) => void;
  /** Whether dragging moves the view instead of painting. */
  readonly isHand: boolean;
  readonly setHand: (isHand: boolean) => void;
  /** For screen readers. */
  readonly say: (text: string) => void;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** The brush, what can be done with all of the mask, and how the mask is used. */
export function MaskPanel({ draft, model, brush, setBrush, view, setView, isHand, setHand, say }: MaskPanelProps) {
  const { raster, keepMask, settings, change, takeMaskFile } = draft;
  const id = useId();
  if (raster === undefined) return null;
  const act = (work: () => void, words: string) => {
    work();
    keepMask();
    say(words);
  };
  const coverage = raster.coverage;
  return (
    <>
      <BrushFields brush={brush} onChange={setBrush} />
      <div className="row wrap">
        <button type="button" disabled={!raster.canUndo} onClick={() => act(() => raster.undo(), 'Undone')}>
          Undo
        </button>
        <button type="button" disabled={!raster.canRedo} onClick={() => act(() => raster.redo(), 'Redone')}>
          Redo
        </button>
        <button type="button" title="Key: I" onClick={() => act(() => raster.invert(), 'Inverted')}>
          Invert
        </button>
        <button
          type="button"
          title="Key: Delete"
          disabled={raster.isEmpty}
          onClick={() => act(() => raster.clear(), 'Cleared')}
        >
          Clear
        </button>
        <label className="pick-file" htmlFor={id}>
          From a file
          <input
            id={id}
            type="file"
            accept="image/*"
            className="visually-hidden"
            onChange={({ target }) => {
              const file = target.files?.[0];
              if (file !== undefined) void takeMaskFile(file, model);
              target.value = '';
            }}
          />
        </label>
      </div>
      <ViewButtons view={view} setView={setView} isHand={isHand} setHand={setHand} />
      <small className="quiet">
        {raster.isEmpty
          ? 'Paint over what is to be repainted.'
          : `${coverage < 0.01 ? 'Less than 1 %' : percent(coverage)} of the picture will be repainted.`}
      </small>
      {!raster.isEmpty && <MaskEdges settings={settings} onChange={change} />}
    </>
  );
}

const middle = { x: 0, y: 0 };
function ViewButtons({
  view,
  setView,
  isHand,
  setHand,
}: Pick<MaskPanelProps, 'view' | 'setView' | 'isHand' | 'setHand'>) {
  return (
    <div className="row wrap">
      <button type="button" aria-label="Zoom in" title="Key: +" onClick={() => setView(zoomView(view, 1.25, middle))}>
        +
      </button>
      <button type="button" aria-label="Zoom out" title="Key: −" onClick={() => setView(zoomView(view, 0.8, middle))}>
        −
      </button>
      <button type="button" title="Key: 0" onClick={() => setView(wholeView)}>
        Whole picture
      </button>
      <button type="button" title="Key: H" aria-pressed={isHand} onClick={() => setHand(!isHand)}>
        Move the view
      </button>
    </div>
  );
}

const LARGEST_ON_SLIDER = 256;

function BrushFields({ brush, onChange }: { readonly brush: Brush; readonly onChange: (brush: Brush) => void }) {
  return (
    <>
      <fieldset className="row">
        <legend>Brush</legend>
        <button
          type="button"
          aria-pressed={!brush.isErasing}
          onClick={() => onChange({ ...brush, isErasing: false })}
          title="Key: E"
        >
          Paint
        </button>
        <button
          type="button"
          aria-pressed={brush.isErasing}
          onClick={() => onChange({ ...brush, isErasing: true })}
          title="Key: E"
        >
          Erase
        </button>
      </fieldset>
      <label className="row brush-field">
        Size
        <input
          type="range"
          min={1}
          max={LARGEST_ON_SLIDER}
          value={brush.size}
          title="Keys: [ and ]"
          onChange={(event) => onChange({ ...brush, size: Number(event.target.value) })}
        />
        <span className="number">{brush.size} px</span>
      </label>
      <label className="row brush-field">
        Hardness
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={brush.hardness}
          aria-valuetext={percent(brush.hardness)}
          onChange={(event) => onChange({ ...brush, hardness: Number(event.target.value) })}
        />
        <span className="number">{percent(brush.hardness)}</span>
      </label>
    </>
  );
}
