import { pictureFields } from '@easel/contract';
import type { Surroundings } from '../settings/frame.ts';
import type { Settings } from '../settings/settings.ts';
import { NumberInput } from './fields.tsx';

const surroundings: readonly (readonly [Surroundings, string])[] = [
  ['edges', 'Colours of its edges'],
  ['blur', 'Blurred copy'],
  ['paint', 'Painted by the model'],
];

export interface AroundFieldProps {
  readonly around: Surroundings;
  readonly onChange: (around: Surroundings) => void;
}

/** What is sent beyond the edges of the start image. */
export function AroundField({ around, onChange }: AroundFieldProps) {
  return (
    <label className="field">
      Around the picture
      <select
        value={around}
        onChange={(event) => {
          const chosen = surroundings.find(([value]) => value === event.target.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {surroundings.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What is taken where the box is ticked: enough for the model to see what surrounds the mask. */
const USUAL_PADDING = 32;

export interface MaskEdgesProps {
  readonly settings: Pick<Settings, 'maskBlur' | 'maskPadding'>;
  readonly onChange: (part: Partial<Settings>) => void;
}

/** How the mask is used: with a soft edge, and with how much around it. */
export function MaskEdges({ settings: { maskBlur, maskPadding }, onChange }: MaskEdgesProps) {
  return (
    <div className="stack mask-edges">
      <div className="row spread">
        <span aria-hidden="true">Mask blur, in pixels</span>
        <NumberInput
          label="Mask blur, in pixels"
          {...pictureFields.maskBlur.range}
          step={1}
          isStepped={false}
          value={maskBlur}
          onChange={(value) => onChange({ maskBlur: value })}
        />
      </div>
      <label className="row check">
        <input
          type="checkbox"
          checked={maskPadding !== null}
          onChange={({ target }) => onChange({ maskPadding: target.checked ? USUAL_PADDING : null })}
        />
        Paint only the masked part, at full size
      </label>
      {maskPadding !== null && (
        <div className="row spread">
          <span aria-hidden="true">Mask padding, in pixels</span>
          <NumberInput
            label="Mask padding, in pixels"
            {...pictureFields.maskPadding.range}
            step={8}
            isStepped={false}
            value={maskPadding}
            onChange={(value) => onChange({ maskPadding: Math.round(value) })}
          />
        </div>
      )}
    </div>
  );
}
