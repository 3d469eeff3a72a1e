import { drawSeed, limits } from '@easel/contract';
import { useId } from 'react';
import { DiceIcon, LockIcon } from '../parts/icons.tsx';

export interface SeedFieldProps {
  /** Null: a new one each time. */
  readonly seed: number | null;
  readonly onChange: (seed: number | null) => void;
}

/** The seed: drawn anew each time, or held so that a picture can be made again. */
export function SeedField({ seed, onChange }: SeedFieldProps) {
  const id = useId();
  const take = (text: string) => {
    // In the API −1 asks for a random one.
    const digits = text.includes('-') ? '' : text.replace(/\D/g, '').slice(0, 15);
    onChange(digits === '' ? null : Math.min(limits.seed.max, Number(digits)));
  };
  return (
    <div className="seed">
      <label htmlFor={id}>Seed</label>
      <input
        id={id}
        inputMode="numeric"
        placeholder="random"
        value={seed ?? ''}
        onChange={(event) => take(event.target.value)}
      />
      <button
        type="button"
        aria-label="Pick a random seed and keep it"
        title="Pick a random seed and keep it"
        onClick={() => onChange(drawSeed())}
      >
        <DiceIcon />
      </button>
      <button
        type="button"
        aria-pressed={seed !== null}
        aria-label={seed === null ? 'Random seed each time' : 'Seed is kept'}
        title={seed === null ? 'Random seed each time' : 'Seed is kept; press for a random one each time'}
        onClick={() => onChange(seed === null ? drawSeed() : null)}
      >
        <LockIcon isClosed={seed !== null} />
      </button>
    </div>
  );
}
