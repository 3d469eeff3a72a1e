import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { choicesWith, type FormControl } from '../settings/form-controls.ts';

type ControlValue = FormControl['initial'];

interface ControlFieldProps {
  readonly control: FormControl;
  readonly value: ControlValue;
  readonly onChange: (value: ControlValue) => void;
}

/** A field of the form as the table of fields describes it: a slider, a select or a checkbox. */
function ControlField({ control, value, onChange }: ControlFieldProps) {
  if (control.kind === 'slider') {
    const { label, min, max, step, isStepped } = control;
    return <SliderField {...{ label, min, max, step, isStepped }} value={Number(value)} onChange={onChange} />;
  }
  if (control.kind === 'check') {
    return (
      <label className="row check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        {control.label}
      </label>
    );
  }
  return (
    <label className="field">
      {control.label}
      <select value={String(value)} onChange={(event) => onChange(event.target.value)}>
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
  readonly onChange: (name: string, value: ControlValue) => void;
}

/** The fields for several controls. */
export function ControlFields({ controls, values, onChange }: ControlFieldsProps) {
  const known = new Map<string, unknown>(Object.entries(values));
  return controls.map((control) => {
    const value = known.get(control.name);
    // A choice of one is none.
    if (control.kind === 'select' && choicesWith(control, String(value ?? control.initial)).length < 2) return null;
    return (
      <ControlField
        key={control.name}
        control={control}
        value={isValue(value) ? value : control.initial}
        onChange={(next) => onChange(control.name, next)}
      />
    );
  });
}

function isValue(value: unknown): value is ControlValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

export interface NumberFieldProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** The distance between two steps. */
  readonly step: number;
  /** Whether only multiples of the step are allowed. */
  readonly isStepped?: boolean;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

interface SliderFieldProps extends NumberFieldProps {
  /** What can be typed, where that is more than the slider has. */
  readonly typed?: { readonly min: number; readonly max: number };
}

/** A slider, with an input for typing the number. */
export function SliderField({ label, typed, ...range }: SliderFieldProps) {
  const id = useId();
  const { min, max, step, value, onChange } = range;
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <NumberInput label={`${label} value`} {...range} {...typed} />
    </div>
  );
}

/** A number input. It corrects a number only when the user leaves the field, not while they type. */
export function NumberInput({ label, min, max, step, isStepped = true, value, onChange }: NumberFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const field = input.current;
    // Scrolling the page over it must not change the number. React's own listener is passive and cannot prevent that.
    const keep = (event: WheelEvent) => document.activeElement === field && event.preventDefault();
    field?.addEventListener('wheel', keep, { passive: false });
    return () => field?.removeEventListener('wheel', keep);
  }, []);
  const range = { min, max, step: isStepped ? step : undefined };
  const [draft, setDraft] = useState<string>();
  const take = (text: string) => {
    setDraft(text);
    const number = Number(text);
    if (text !== '' && nearest(number, range) === number) onChange(number);
  };
  const settle = () => {
    const number = Number(draft);
    if (draft !== undefined && draft !== '' && Number.isFinite(number)) onChange(nearest(number, range));
    setDraft(undefined);
  };
  return (
    <input
      ref={input}
      type="number"
      min={min}
      max={max}
      step={step}
      value={draft ?? value}
      aria-label={label}
      onChange={(event) => take(event.target.value)}
      onBlur={settle}
      onKeyDown={({ key }) => key === 'Enter' && settle()}
    />
  );
}

/** The allowed number nearest to this one. */
function nearest(
  number: number,
  { min, max, step }: { readonly min: number; readonly max: number; readonly step: number | undefined },
) {
  const stepped = step === undefined ? number : min + Math.round((number - min) / step) * step;
  return Number(Math.min(max, Math.max(min, stepped)).toFixed(6));
}

/** Where something is searched for or chosen, and nothing is typed. */
const CHOOSING = 'input:is([type=search], [type=radio], [type=checkbox], [type=range])';

/** For a form whose sending is charged: Enter where one only chooses, which browsers send the form at, does nothing. */
export function ignoreEnterWhereChoosing(event: KeyboardEvent<HTMLFormElement>): void {
  const { key, target, currentTarget } = event;
  // React tells of keys in dialogs that were opened from the form, too.
  if (key !== 'Enter' || !(target instanceof Element) || !currentTarget.contains(target)) return;
  if (target.matches(CHOOSING)) event.preventDefault();
}
