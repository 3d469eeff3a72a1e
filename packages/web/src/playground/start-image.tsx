import { useEffect, useId, useRef, useState } from 'react';
import { shareSeen } from '../files/start-picture.ts';
import { ControlFields } from '../parts/fields.tsx';
import { formControls } from '../settings/form-controls.ts';
import type { Settings } from '../settings/settings.ts';

export interface StartImageProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly onFile: (file: File | undefined) => void;
}

/** What goes with the picture is the same for every model. */
const controls = formControls({ parameters: {} }).filter(({ place }) => place === 'start');

/** The longer side of the small picture that shows what is used, in pixels of the screen. */
const LONGEST = 112;
/** What is cut off below this share cannot be seen. */
const NOTICEABLE = 0.98;

/** The picture to start from, and how far to go from it; also where a picture is dropped to restore its settings. */
export function StartImage({ settings, onChange, onFile }: StartImageProps) {
  const id = useId();
  const { startImage } = settings;
  return (
    <div className="start">
      {startImage === null ? (
        <label htmlFor={id} className="dropzone">
          <b>Choose or drop a picture</b> to restore its settings, or to start from it
        </label>
      ) : (
        <div className="stack">
          <UsedPart address={startImage} settings={settings} />
          <ControlFields
            controls={controls}
            values={settings}
            onChange={(name, value) => onChange({ [name]: value })}
          />
          <button type="button" onClick={() => onChange({ startImage: null })}>
            Remove the start image
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

/** Exactly the part of the picture that is sent: its middle, in the shape that is drawn. */
function UsedPart({ address, settings }: { readonly address: string; readonly settings: Settings }) {
  const [natural, setNatural] = useState<{ readonly width: number; readonly height: number }>();
  const { width, height } = settings;
  const scale = LONGEST / Math.max(width, height);
  const isCropped = natural !== undefined && shareSeen(natural, { width, height }) < NOTICEABLE;
  return (
    <div className="row">
      <img
        src={address}
        alt="To start from, as it is used"
        className="used-part"
        style={{ width: width * scale, height: height * scale }}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setNatural({ width: naturalWidth, height: naturalHeight })
        }
      />
      <small className="quiet">
        {isCropped
          ? 'Start image: its middle is used, because it has another shape. Choose a shape to see more of it.'
          : 'Start image'}
      </small>
    </div>
  );
}

/** Takes a file that is dropped anywhere in the window. @returns whether one is held over it now */
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
