import { useId } from 'react';
import { NumberInput } from '../parts/number-input.tsx';

export interface SliderFieldProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Whether only multiples of the step are allowed. */
  readonly isStepped?: boolean;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A slider, and the number itself for those who know which one they want. */
export function SliderField({ label, ...range }: SliderFieldProps) {
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
      <NumberInput label={`${label}, exactly`} {...range} />
    </div>
  );
}
