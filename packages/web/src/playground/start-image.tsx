import { useId } from 'react';
import type { Settings } from './settings.ts';
import { SliderField } from './slider-field.tsx';

export interface StartImageProps {
  readonly image: string | null;
  readonly strength: number;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly onFile: (file: File | undefined) => void;
}

/** The picture to start from, and how far to go from it; also where a picture is dropped to restore its settings. */
export function StartImage({ image, strength, onChange, onFile }: StartImageProps) {
  const id = useId();
  return (
    <div className="start">
      {image === null ? (
        <label htmlFor={id} className="dropzone">
          <b>Drop a picture here</b> to restore its settings, or to start from it
        </label>
      ) : (
        <div className="stack">
          <div className="row">
            <img src={image} alt="To start from" className="thumbnail" />
            <button type="button" onClick={() => onChange({ startImage: null })}>
              Start from noise instead
            </button>
          </div>
          <SliderField
            label="Strength"
            min={0}
            max={1}
            step={0.05}
            value={strength}
            onChange={(value) => onChange({ strength: value })}
          />
        </div>
      )}
      <input
        id={id}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        className="visually-hidden"
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </div>
  );
}
