import { drawSeed, limits, type Model } from '@easel/contract';
import { useId } from 'react';
import { DiceIcon, LockIcon } from '../parts/icons.tsx';

export interface SizePickerProps {
  readonly model: Model;
  readonly width: number;
  readonly height: number;
  readonly onChange: (size: { readonly width: number; readonly height: number }) => void;
}

/** The longest side of an icon, in pixels of the screen. */
const LONGEST = 26;

/** Aspect ratios, each with an icon in its shape. */
export function SizePicker({ model, width, height, onChange }: SizePickerProps) {
  const native = model.sizes.find((size) => size.aspect_ratio === '1:1');
  return (
    <fieldset className="sizes">
      <legend>
        Aspect ratio <span className="quiet">{`${width}×${height}`}</span>
      </legend>
      {model.sizes.map((size) => {
        const scale = LONGEST / Math.max(size.width, size.height);
        const isChosen = size.width === width && size.height === height;
        return (
          <label
            key={size.aspect_ratio}
            className={isChosen ? 'shape chosen' : 'shape'}
            title={`${size.width}×${size.height}`}
          >
            <input
              type="radio"
              name="shape"
              className="visually-hidden"
              checked={isChosen}
              onChange={() => onChange({ width: size.width, height: size.height })}
              // A click on the selected one counts as choosing it, too.
              onClick={() => onChange({ width: size.width, height: size.height })}
            />
            <svg width={LONGEST + 2} height={LONGEST + 2} aria-hidden="true">
              <rect
                x={(LONGEST - size.width * scale) / 2 + 1}
                y={(LONGEST - size.height * scale) / 2 + 1}
                width={size.width * scale}
                height={size.height * scale}
                rx="2"
              />
            </svg>
            {size.aspect_ratio}
          </label>
        );
      })}
      {native === undefined && <p className="quiet">This model lists no aspect ratios.</p>}
    </fieldset>
  );
}

export interface SeedFieldProps {
  readonly label?: 'Seed' | 'Variation seed';
  /** Null: a random seed each time. */
  readonly seed: number | null;
  readonly onChange: (seed: number | null) => void;
}

/** The seed: random each time, or locked to reproduce a picture. */
export function SeedField({ label = 'Seed', seed, onChange }: SeedFieldProps) {
  const id = useId();
  const name = label.toLowerCase();
  const take = (text: string) => {
    // In the API, −1 means a random seed.
    const digits = text.includes('-') ? '' : text.replace(/\D/g, '').slice(0, 15);
    onChange(digits === '' ? null : Math.min(limits.seed.max, Number(digits)));
  };
  return (
    <div className="seed">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        inputMode="numeric"
        placeholder="random"
        value={seed ?? ''}
        onChange={(event) => take(event.target.value)}
      />
      <button
        type="button"
        aria-label={`Pick a random ${name} and keep it`}
        title={`Pick a random ${name} and keep it`}
        onClick={() => onChange(drawSeed())}
      >
        <DiceIcon />
      </button>
      <button
        type="button"
        aria-pressed={seed !== null}
        aria-label={seed === null ? `Random ${name} each time` : `${label} locked`}
        title={seed === null ? `Random ${name} each time` : `${label} locked; click to use a random one each time`}
        onClick={() => onChange(seed === null ? drawSeed() : null)}
      >
        <LockIcon isClosed={seed !== null} />
      </button>
    </div>
  );
}
