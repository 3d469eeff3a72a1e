import { useEffect, useId, useRef, useState } from 'react';
import { visibleShare } from '../files/start-picture.ts';
import { ControlFields } from '../parts/fields.tsx';
import { formControls } from '../settings/form-controls.ts';
import { type Settings, withoutMask } from '../settings/settings.ts';

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

/** The start image and its strength; also where a picture can be chosen to restore its settings. */
export function StartImage({ settings, onChange, onFile, onMask }: StartImageProps) {
  const id = useId();
  const { startImage } = settings;
  return (
    <div className="start">
      {startImage === null ? (
        <label htmlFor={id} className="dropzone">
          <b>Choose or drop a picture</b> to restore its settings or use it as a start image
        </label>
      ) : (
        <div className="stack">
          <CropPreview address={startImage} settings={settings} />
          <ControlFields
            controls={controls}
            values={settings}
            onChange={(name, value) => onChange({ [name]: value })}
          />
          <MaskField settings={settings} onChange={onChange} onMask={onMask} />
          <button type="button" onClick={() => onChange({ startImage: null, ...withoutMask(settings) })}>
            Remove start image
          </button>
        </div>
      )}
      <input
        id={id}
        type="file"
        accept="image/*"
        className="visually-hidden"
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </div>
  );
}

/** The picture that says what of the start image is repainted. */
function MaskField({ settings, onChange, onMask }: Omit<StartImageProps, 'onFile'>) {
  const { mask, width, height } = settings;
  const scale = LONGEST / Math.max(width, height);
  return mask === null ? (
    <label className="field">
      Mask: a picture that is white, or transparent, where the start image is to be repainted
      <input type="file" accept="image/*" onChange={(event) => onMask(event.target.files?.[0])} />
    </label>
  ) : (
    <div className="row">
      <img src={mask} alt="Mask" className="used-part" style={{ width: width * scale, height: height * scale }} />
      <button type="button" onClick={() => onChange(withoutMask(settings))}>
        Remove mask
      </button>
    </div>
  );
}

/** Shows exactly the part of the picture that is sent: its centre, in the chosen aspect ratio. */
function CropPreview({ address, settings }: { readonly address: string; readonly settings: Settings }) {
  const [natural, setNatural] = useState<{ readonly width: number; readonly height: number }>();
  const { width, height } = settings;
  const scale = LONGEST / Math.max(width, height);
  const isCropped = natural !== undefined && visibleShare(natural, { width, height }) < NOTICEABLE;
  return (
    <div className="row">
      <img
        src={address}
        alt="Start image, as it will be cropped"
        className="used-part"
        style={{ width: width * scale, height: height * scale }}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setNatural({ width: naturalWidth, height: naturalHeight })
        }
      />
      <small className="quiet">
        {isCropped
          ? 'Start image, cropped to its centre because its aspect ratio differs. Choose a closer aspect ratio to keep more of it.'
          : 'Start image'}
      </small>
    </div>
  );
}

/** Receives a file that is dropped anywhere in the window. @returns whether one is being dragged over it */
export function useDroppedFile(onFile: (file: File) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) latest.current(file);
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return isOver;
}
