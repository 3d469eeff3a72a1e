import type { Model } from '@easel/contract';
import { sizeOf } from '../files/compose-start.ts';
import { AroundField, MaskEdges } from '../parts/start-fields.tsx';
import {
  centred,
  type Extension,
  extendPart,
  type Framing,
  frameOf,
  frameZoom,
  leavesSpace,
  placeOf,
} from '../settings/frame.ts';
import type { Settings } from '../settings/settings.ts';
import { paintedAround, panDirections, wayOf, zoomsOut } from './editing.ts';
import type { Draft } from './use-draft.ts';

export interface FramePanelProps {
  readonly draft: Draft;
  readonly model: Model | undefined;
}

/** What else says how the picture lies in the frame. */
export function FramePanel({ draft, model }: FramePanelProps) {
  const { settings, change, image } = draft;
  if (image === undefined || model === undefined) return null;
  const picture = sizeOf(image);
  const place = placeOf(frameOf(settings, picture, settings), picture, settings);
  const hasSpace = leavesSpace(place, settings);
  const extend = (extension: Extension) =>
    change({ ...extendPart(picture, extension, model.limits), ...paintedAround, isShapeChosen: true });
  const frameAs = (framing: Framing) => change({ framing, frame: centred });
  return (
    <>
      <ShapeField settings={settings} model={model} onChange={change} />
      <div className="row wrap">
        <button type="button" aria-pressed={settings.framing === 'fill'} onClick={() => frameAs('fill')}>
          Fill
        </button>
        <button type="button" aria-pressed={settings.framing === 'fit'} onClick={() => frameAs('fit')}>
          Fit
        </button>
      </div>
      <ZoomField settings={settings} picture={picture} onChange={change} />
      <fieldset className="extend row">
        <legend>Extend the picture</legend>
        {zoomsOut.map((zoomOut) => (
          <button key={zoomOut} type="button" className="zoom-out" onClick={() => extend({ zoomOut })}>
            Zoom out {zoomOut}×
          </button>
        ))}
        {panDirections.map(([pan, arrow]) => (
          <button key={pan} type="button" aria-label={`Extend ${wayOf(pan)}`} onClick={() => extend({ pan })}>
            {arrow}
          </button>
        ))}
      </fieldset>
      {hasSpace && <AroundField around={settings.around} onChange={(around) => change({ around })} />}
      {hasSpace && settings.around === 'paint' && <MaskEdges settings={settings} onChange={change} />}
    </>
  );
}

interface FieldProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
}

/** The shapes of the model, and the one that the frame was dragged to. */
function ShapeField({ settings: { width, height }, model, onChange }: FieldProps & { readonly model: Model }) {
  const chosen = model.sizes.find((size) => size.width === width && size.height === height);
  return (
    <label className="field">
      Shape
      <select
        value={chosen?.aspect_ratio ?? ''}
        onChange={(event) => {
          const size = model.sizes.find(({ aspect_ratio: ratio }) => ratio === event.target.value);
          if (size !== undefined) onChange({ width: size.width, height: size.height, isShapeChosen: true });
        }}
      >
        {chosen === undefined && <option value="">{`Free, ${width}×${height}`}</option>}
        {model.sizes.map((size) => (
          <option key={size.aspect_ratio} value={size.aspect_ratio}>
            {`${size.aspect_ratio}, ${size.width}×${size.height}`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** On a scale on which each step enlarges by as much as the one before. */
function ZoomField({
  settings,
  picture,
  onChange,
}: FieldProps & { readonly picture: { width: number; height: number } }) {
  const frame = frameOf(settings, picture, settings);
  const percent = `${Math.round(100 * frame.zoom)} %`;
  return (
    <label className="row">
      Zoom
      <input
        type="range"
        min={Math.log2(frameZoom.min)}
        max={Math.log2(frameZoom.max)}
        step={0.02}
        value={Math.log2(frame.zoom)}
        aria-valuetext={percent}
        onChange={(event) => onChange({ framing: 'crop', frame: { ...frame, zoom: 2 ** Number(event.target.value) } })}
      />
      <span className="number">{percent}</span>
    </label>
  );
}
