import { useState } from 'react';
import { heightsFor, USUAL_HEIGHT } from './rows.ts';

const STORED = 'easel.gallery.size';

/** The height of the gallery's rows, of those that the width has room for; this browser remembers what was chosen. */
export function useRowHeight(width: number) {
  const [wanted, setWanted] = useState(() => Number(localStorage.getItem(STORED)) || USUAL_HEIGHT);
  const sizes = heightsFor(width);
  const rowHeight = sizes.reduce((best, size) => (Math.abs(size - wanted) < Math.abs(best - wanted) ? size : best));
  const choose = (height: number) => {
    localStorage.setItem(STORED, String(height));
    setWanted(height);
  };
  return { rowHeight, sizes, choose };
}

export interface SizeSliderProps {
  readonly sizes: readonly number[];
  readonly rowHeight: number;
  readonly onChoose: (height: number) => void;
}

export function SizeSlider({ sizes, rowHeight, onChoose }: SizeSliderProps) {
  const place = sizes.indexOf(rowHeight);
  return (
    <input
      type="range"
      className="size-slider"
      aria-label="Size of the pictures"
      aria-valuetext={`${place + 1} of ${sizes.length}`}
      title="Size of the pictures"
      min={0}
      max={sizes.length - 1}
      value={place}
      onChange={(event) => onChoose(sizes[Number(event.target.value)] ?? rowHeight)}
    />
  );
}
