/** From this many on they can be searched. */
const MANY = 8;

export interface PickerSearchProps {
  /** In the plural. */
  readonly what: string;
  readonly count: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The search field of a list to choose from. Nothing where few are listed. */
export function PickerSearch({ what, count, value, onChange }: PickerSearchProps) {
  if (count < MANY) return null;
  return (
    <input
      type="search"
      aria-label={`Search ${what}`}
      placeholder={`Search ${count} ${what}`}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
