/** Inline SVG, because not every system has these symbols in a font. */
const frame = {
  width: 18,
  height: 18,
  viewBox: '0 0 18 18',
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.5,
} as const;

const dots = [
  [5.5, 5.5],
  [12.5, 5.5],
  [9, 9],
  [5.5, 12.5],
  [12.5, 12.5],
] as const;

export function DiceIcon() {
  return (
    <svg {...frame} aria-hidden="true">
      <rect x="2" y="2" width="14" height="14" rx="3" />
      {dots.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="1.1" fill="currentColor" stroke="none" />
      ))}
    </svg>
  );
}

export function LockIcon({ isClosed }: { readonly isClosed: boolean }) {
  return (
    <svg {...frame} aria-hidden="true">
      <rect x="3" y="8" width="12" height="8" rx="2" fill={isClosed ? 'currentColor' : 'none'} />
      <path d={isClosed ? 'M5.5 8V5.5a3.5 3.5 0 0 1 7 0V8' : 'M5.5 8V5a3.5 3.5 0 0 1 6.8-1.2'} />
    </svg>
  );
}

/** A picture split into two halves. */
export function CompareIcon() {
  return (
    <svg {...frame} aria-hidden="true">
      <rect x="2" y="3.5" width="14" height="11" rx="2" />
      <path d="M9 1.5v15" />
      <path d="M9 3.5h5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H9z" fill="currentColor" stroke="none" opacity="0.55" />
    </svg>
  );
}

export function StarIcon({ isFull }: { readonly isFull: boolean }) {
  return (
    <svg {...frame} aria-hidden="true">
      <path
        d="M9 2l2.1 4.5 4.9.6-3.6 3.4.9 4.9L9 13l-4.3 2.4.9-4.9L2 7.1l4.9-.6z"
        fill={isFull ? 'currentColor' : 'none'}
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function DeleteIcon() {
  return (
    <svg {...frame} aria-hidden="true">
      <path d="M3 5h12M7 5V3h4v2M4.5 5l.7 10h7.6l.7-10M7.5 8v4.5M10.5 8v4.5" strokeLinecap="round" />
    </svg>
  );
}

export function CheckIcon() {
  return (
    <svg {...frame} aria-hidden="true">
      <path d="M4 9.5l3.5 3.5L14 5.5" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** Three dots in a row. */
export function MoreIcon() {
  return (
    <svg {...frame} aria-hidden="true">
      {[4, 9, 14].map((x) => (
        <circle key={x} cx={x} cy="9" r="1.5" fill="currentColor" stroke="none" />
      ))}
    </svg>
  );
}
