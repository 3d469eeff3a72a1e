import type { Model } from '@easel/contract';

export interface SizePickerProps {
  readonly model: Model;
  readonly width: number;
  readonly height: number;
  readonly onChange: (size: { readonly width: number; readonly height: number }) => void;
}

/** The longest side of a drawn shape, in pixels of the screen. */
const LONGEST = 26;

/** Aspect ratios as the shapes that they are. */
export function SizePicker({ model, width, height, onChange }: SizePickerProps) {
  const native = model.sizes.find((size) => size.aspect_ratio === '1:1');
  return (
    <fieldset className="sizes">
      <legend>
        Shape <span className="quiet">{`${width}×${height}`}</span>
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
              // Who presses the one that is chosen chooses it, too.
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
      {native === undefined && <p className="quiet">This model lists no shapes.</p>}
    </fieldset>
  );
}
