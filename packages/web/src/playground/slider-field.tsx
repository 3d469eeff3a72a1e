import { useId } from 'react';

export interface SliderFieldProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A slider, and the number itself for those who know which one they want. */
export function SliderField({ label, min, max, step, value, onChange }: SliderFieldProps) {
  const id = useId();
  const take = (text: string) => {
    const number = Number(text);
    if (text !== '' && Number.isFinite(number)) onChange(Math.min(max, Math.max(min, number)));
  };
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
        onChange={(event) => take(event.target.value)}
      />
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-label={`${label}, exactly`}
        onChange={(event) => take(event.target.value)}
      />
    </div>
  );
}
