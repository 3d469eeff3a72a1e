import { useState } from 'react';

export interface NumberInputProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A number to type. What is typed stays as it is until one goes on: half a number is not put right under one's fingers. */
export function NumberInput({ label, min, max, step, value, onChange }: NumberInputProps) {
  const [draft, setDraft] = useState<string>();
  const take = (text: string) => {
    setDraft(text);
    const number = Number(text);
    if (text !== '' && nearest(number, { min, max, step }) === number) onChange(number);
  };
  const settle = () => {
    const number = Number(draft);
    if (draft !== undefined && draft !== '' && Number.isFinite(number)) onChange(nearest(number, { min, max, step }));
    setDraft(undefined);
  };
  return (
    <input
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
  { min, max, step }: { readonly min: number; readonly max: number; readonly step: number },
) {
  const stepped = min + Math.round((number - min) / step) * step;
  return Number(Math.min(max, Math.max(min, stepped)).toFixed(6));
}
