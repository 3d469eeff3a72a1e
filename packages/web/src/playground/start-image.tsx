import type { Size } from '@easel/contract';
import { useEffect, useId, useState } from 'react';
import { useEditor } from '../editor/editor.tsx';
import { composePreview } from '../files/compose-start.ts';
import { ControlFields } from '../parts/fields.tsx';
import { Notice } from '../parts/notices.tsx';
import { AroundField, MaskEdges } from '../parts/start-fields.tsx';
import { messageOf } from '../session/requests.ts';
import { formControls } from '../settings/form-controls.ts';
import { type Framing, frameOf, leavesSpace, placeOf, type Surroundings, shareOf } from '../settings/frame.ts';
import { type Settings, strengthWith, withoutMask, withoutStart } from '../settings/settings.ts';

export interface StartImageProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly onFile: (file: File | undefined) => void;
  readonly onMask: (file: File | undefined) => void;
}

/** These controls are the same for every model. */
const controls = formControls({ parameters: {} }).filter(({ place }) => place === 'start');

/** The longest side of the thumbnail, in pixels of the screen. */
const LONGEST = 112;
/** Above this share the crop is not noticeable. */
const NOTICEABLE = 0.98;

/** The start image, how it lies in the frame, its mask and its strength; also where a picture can be chosen to restore its settings. */
export function StartImage(props: StartImageProps) {
  const id = useId();
  return (
    <div className="start">
      {props.settings.startImage === null ? (
        <label htmlFor={id} className="dropzone">
          <b>
            Choose<span className="with-mouse"> or drop</span> a picture
          </b>
          <span className="with-mouse">, or paste one,</span> to restore its settings or use it as a start image
        </label>
      ) : (
        <ChosenStart {...props} />
      )}
      <input
        id={id}
        type="file"
        accept="image/*"
        className="visually-hidden"
        onChange={(event) => {
          props.onFile(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </div>
  );
}

function ChosenStart({ settings, onChange, onMask }: StartImageProps) {
  const editor = useEditor();
  const preview = usePreview(settings);
  const { mask, around } = settings;
  const isExtended = preview?.picture !== undefined && hasSpace(settings, preview.picture);
  const changeAround = (next: Surroundings) =>
    onChange({ around: next, strength: strengthWith(settings, { mask, around: next }) });
  return (
    <div className="stack">
      <div className="row start-preview">
        {preview?.address !== undefined && (
          <SentPicture address={preview.address} alt="Start image, as it will be sent" size={settings} />
        )}
        {preview?.mask != null && <SentPicture address={preview.mask} alt="Mask, as it will be sent" size={settings} />}
        <small className="quiet">{preview?.picture && describe(settings, preview.picture)}</small>
      </div>
      {preview?.problem !== undefined && <Notice kind="error">{preview.problem}</Notice>}
      <FramingChoice
        framing={settings.framing}
        onChoose={(framing) => {
          if (framing !== 'crop') onChange({ framing });
          else if (preview?.picture !== undefined) {
            const frame = frameOf(settings, preview.picture, settings);
            editor.open({ settings: { ...settings, framing, frame }, tool: 'frame', isForm: true });
          }
        }}
      />
      {isExtended && <AroundField around={around} onChange={changeAround} />}
      <ControlFields controls={controls} values={settings} onChange={(name, value) => onChange({ [name]: value })} />
      <div className="row wrap">
        <button type="button" onClick={() => editor.open({ settings, tool: 'mask', isForm: true })}>
          {mask === null ? 'Paint a mask' : 'Edit the mask'}
        </button>
        {mask === null ? (
          <label className="pick-file">
            Mask from a file
            <input
              type="file"
              accept="image/*"
              className="visually-hidden"
              onChange={(event) => {
                onMask(event.target.files?.[0]);
                event.target.value = '';
              }}
            />
          </label>
        ) : (
          <button type="button" onClick={() => onChange(withoutMask(settings))}>
            Remove mask
          </button>
        )}
        <button type="button" onClick={() => onChange(withoutStart(settings))}>
          Remove start image
        </button>
      </div>
      {(mask !== null || (isExtended && around === 'paint')) && <MaskEdges settings={settings} onChange={onChange} />}
    </div>
  );
}

function hasSpace(settings: Settings, picture: Size): boolean {
  return leavesSpace(placeOf(frameOf(settings, picture, settings), picture, settings), settings);
}

interface SentPictureProps {
  readonly address: string;
  readonly alt: string;
  readonly size: Size;
}

function SentPicture({ address, alt, size: { width, height } }: SentPictureProps) {
  const scale = LONGEST / Math.max(width, height);
  return <img src={address} alt={alt} className="used-part" style={{ width: width * scale, height: height * scale }} />;
}

const framings: readonly (readonly [Framing, string, string])[] = [
  ['fill', 'Fill', 'Fills the shape: what does not fit is cut off at the edges'],
  ['fit', 'Fit', 'All of the picture, with space around it where the shape differs'],
  ['crop', 'Crop…', 'The part that you choose, or more than the picture'],
];

function FramingChoice({
  framing,
  onChoose,
}: {
  readonly framing: Framing;
  readonly onChoose: (framing: Framing) => void;
}) {
  return (
    <fieldset className="choices">
      <legend>In the frame</legend>
      {framings.map(([value, label, title]) => (
        <label key={value} title={title} className={value === framing ? 'choice chosen' : 'choice'}>
          <input
            type="radio"
            name="framing"
            className="visually-hidden"
            checked={value === framing}
            onChange={() => onChoose(value)}
            // Choosing the part again opens the editor again.
            onClick={() => value === 'crop' && framing === 'crop' && onChoose(value)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

/** How the picture lies in the frame, in words. */
function describe(settings: Settings, picture: Size): string {
  const { framing, around } = settings;
  const words = { edges: 'the colours of its edges', blur: 'a blurred copy of it', paint: 'what the model paints' };
  const beyond = hasSpace(settings, picture) ? `, with ${words[around]} around it` : '';
  if (framing === 'fit') return `Start image, all of it${beyond}`;
  if (framing === 'crop') return `Start image, as placed in the frame${beyond}`;
  const share = shareOf(picture, settings);
  if (share > NOTICEABLE) return 'Start image';
  return `Start image, cropped to its centre: ${Math.round(share * 100)} % of it is used. Choose a closer aspect ratio, or Fit, to keep more.`;
}

interface Preview {
  readonly address?: string;
  readonly mask?: string | null;
  readonly picture?: Size;
  readonly problem?: string;
}

/** Small pictures of exactly what is sent. */
function usePreview(settings: Settings): Preview | undefined {
  const [preview, setPreview] = useState<Preview>();
  const { startImage, width, height, framing, frame, around, mask, maskPlace } = settings;
  useEffect(() => {
    let isCurrent = true;
    const show = (next: Preview) => isCurrent && setPreview(next);
    const start = { startImage, width, height, framing, frame, around, mask, maskPlace };
    composePreview(start, 2 * LONGEST).then(show, (error: unknown) => show({ problem: messageOf(error) }));
    return () => {
      isCurrent = false;
    };
  }, [startImage, width, height, framing, frame, around, mask, maskPlace]);
  return preview;
}
