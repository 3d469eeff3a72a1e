import { dayLabel, shortNumber, ticksUpTo } from '../format/axis.ts';

export interface Bar {
  readonly id: string;
  readonly name: string;
  readonly amount: number;
}

export interface ChartProps {
  readonly bars: readonly Bar[];
  /** Of the amounts, for the axis. */
  readonly unit: string;
  /** What a screen reader says of the whole chart. */
  readonly label: string;
  readonly describe: (amount: number) => string;
}

const LABELS = 6;

/** One bar a day, with both axes. */
export function DayChart({ bars, unit, label, describe }: ChartProps) {
  const ticks = ticksUpTo(Math.max(0, ...bars.map(({ amount }) => amount)), unit === 'pictures');
  const top = ticks.at(-1) ?? 1;
  const every = Math.max(1, Math.ceil(bars.length / LABELS));
  return (
    <figure className="day-chart">
      <figcaption className="quiet">
        {unit === 'pictures' ? 'Pictures' : 'Credits'} per day (UTC): {label}
      </figcaption>
      <div className="plot" role="img" aria-label={label}>
        {ticks.map((tick) => (
          <span key={tick} className="tick" style={{ bottom: `${(100 * tick) / top}%` }}>
            <span>{shortNumber(tick)}</span>
          </span>
        ))}
        <div className="bars">
          {bars.map(({ id, amount }) => (
            <div key={id} title={`${id}: ${describe(amount)}`}>
              <div className="bar" style={{ height: `${(100 * amount) / top}%` }} />
            </div>
          ))}
        </div>
      </div>
      <div className="days" aria-hidden="true">
        {bars.map(({ id }, index) => (
          <span key={id}>{index % every === 0 && <small>{dayLabel(id)}</small>}</span>
        ))}
      </div>
    </figure>
  );
}

/** The largest first, each with its name and amount. */
export function RankChart({ bars, unit, label, describe }: ChartProps) {
  const sorted = bars.toSorted((one, other) => other.amount - one.amount);
  const most = Math.max(sorted[0]?.amount ?? 0, Number.MIN_VALUE);
  return (
    <figure className="rank-chart">
      <figcaption className="quiet">
        {unit === 'pictures' ? 'Pictures' : 'Credits'}: {label}
      </figcaption>
      <ol>
        {sorted.map(({ id, name, amount }) => (
          <li key={id}>
            <span dir="auto" title={id}>
              {name}
            </span>
            <span className="track">
              <span className="bar" style={{ width: `${(100 * amount) / most}%` }} />
            </span>
            <span className="number">{describe(amount)}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
