import { choicesWith, type FormControl } from './form-controls.ts';
import { SliderField } from './slider-field.tsx';

interface ControlFieldProps {
  readonly control: FormControl;
  readonly value: string | number;
  readonly onChange: (value: string | number) => void;
}

/** A field of the form as the table of fields describes it: a slider or a choice. */
function ControlField({ control, value, onChange }: ControlFieldProps) {
  if (control.kind === 'slider') {
    const { label, min, max, step, isStepped } = control;
    return <SliderField {...{ label, min, max, step, isStepped }} value={Number(value)} onChange={onChange} />;
  }
  return (
    <label className="field">
      {control.label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {choicesWith(control, String(value)).map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}

export interface ControlFieldsProps {
  readonly controls: readonly FormControl[];
  readonly values: object;
  readonly onChange: (name: string, value: string | number) => void;
}

/** Several of them. */
export function ControlFields({ controls, values, onChange }: ControlFieldsProps) {
  const known = new Map<string, unknown>(Object.entries(values));
  return controls.map((control) => {
    const value = known.get(control.name);
    return (
      <ControlField
        key={control.name}
        control={control}
        value={typeof value === 'string' || typeof value === 'number' ? value : control.initial}
        onChange={(next) => onChange(control.name, next)}
      />
    );
  });
}
