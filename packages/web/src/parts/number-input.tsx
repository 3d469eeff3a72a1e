import { useEffect, useRef, useState } from 'react';

export interface NumberInputProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** Between the stops of the arrows. */
  readonly step: number;
  /** Whether only the stops are allowed; else any number in between is, too. */
  readonly isStepped?: boolean;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A number to type. What is typed stays as it is until one goes on: half a number is not put right under one's fingers. */
export function NumberInput({ label, min, max, step, isStepped = true, value, onChange }: NumberInputProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const field = input.current;
    // Whoever scrolls the page over it does not want another number. React's own listener could not prevent that.
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
