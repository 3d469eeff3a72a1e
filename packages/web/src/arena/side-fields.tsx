import type { Model } from '@easel/contract';
import { ControlFields } from '../playground/control-field.tsx';
import { formControls } from '../playground/form-controls.ts';
import type { Side } from './study.ts';

export interface SideFieldsProps {
  readonly title: string;
  readonly models: readonly Model[];
  readonly side: Side;
  readonly onChange: (side: Side) => void;
}

export function SideFields({ title, models, side, onChange }: SideFieldsProps) {
  const model = models.find(({ id }) => id === side.model) ?? { parameters: {} };
  const controls = formControls(model).filter(({ name }) => Object.hasOwn(side, name));
  return (
    <fieldset className="stack">
      <legend>{title}</legend>
      {models.length > 1 && (
        <label className="field">
          Model
          <select value={side.model} onChange={(event) => onChange({ ...side, model: event.target.value })}>
            {models.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      )}
      <ControlFields
        controls={controls}
        values={side}
        onChange={(name, value) => onChange({ ...side, [name]: value })}
      />
    </fieldset>
  );
}
