import type { LedgerEntry } from '@easel/contract';
import { useCallback, useState } from 'react';
import { credits, daysFrom, moment, pictures } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { Section, useAdmin, useAdminAccess } from './admin.tsx';

/** The usage of an account over the last thirty days. */
export function UsageSection() {
  const { client } = useAdminAccess();
  const [chosen, setChosen] = useState<string>();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const { accounts } = await client.admin.listAccounts({ limit: 100 }, { signal });
      const id = accounts.find((account) => account.id === chosen)?.id ?? accounts[0]?.id;
      if (id === undefined) return undefined;
      return {
        accounts,
        id,
        days: await client.admin.usage(id, { group: 'day' }, { signal }),
        models: await client.admin.usage(id, { group: 'model' }, { signal }),
        ledger: (await client.admin.ledger(id, { limit: 10 }, { signal })).entries,
      };
    },
    [client, chosen],
  );
  const { reply, problem } = useAdmin(ask, 10_000);
  const used = new Map(reply?.days.rows.map(({ group, images }) => [group, images]));
  const days = reply === undefined ? [] : daysFrom(reply.days.from, reply.days.to);
  const total = pictures(reply?.days.total.images ?? 0);
  const accountSelect = reply && (
    <select aria-label="Usage for account" value={reply.id} onChange={(event) => setChosen(event.target.value)}>
      {reply.accounts.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
  return (
    <Section label="Usage" problem={problem} action={accountSelect ?? null}>
      {reply && (
        <>
          <Chart days={days} used={used} label={`${total} from ${reply.days.from} to ${reply.days.to}`} />
          <p>
            {total} for {credits(reply.days.total.cost)} credits in the last {days.length} days
            {reply.models.rows.length > 1 &&
              `: ${reply.models.rows.map(({ group, images }) => `${group} ${images}`).join(', ')}`}
            .
          </p>
          <Ledger entries={reply.ledger} />
        </>
      )}
    </Section>
  );
}

const ledgerColumns = [
  'Time',
  'Type',
  { title: 'Balance change', isNumber: true },
  { title: 'Charged', isNumber: true },
  { title: 'Balance after', isNumber: true },
];

function Ledger({ entries }: { readonly entries: readonly LedgerEntry[] }) {
  return (
    <details>
      <summary>Recent ledger entries</summary>
      <Table columns={ledgerColumns}>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td>{moment(entry.created_at)}</td>
            <td>
              {entry.kind} {entry.note}
            </td>
            <td className="number">{credits(entry.amount)}</td>
            <td className="number">{entry.amount_charged === 0 ? '–' : credits(entry.amount_charged)}</td>
            <td className="number">{credits(entry.remaining)}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

interface ChartProps {
  readonly days: readonly string[];
  readonly used: ReadonlyMap<string, number>;
  readonly label: string;
}

const HEIGHT = 80;

/** One bar per day. The SVG is stretched to the available width, so its texts stand outside, where they are not distorted. */
function Chart({ days, used, label }: ChartProps) {
  const most = Math.max(1, ...used.values());
  const width = 100 / Math.max(1, days.length);
  const labelled = [days.at(0), days.at(Math.floor(days.length / 2)), days.at(-1)];
  return (
    <figure className="usage">
      <figcaption className="quiet">Pictures per day</figcaption>
      <div className="scale quiet" aria-hidden="true">
        <span>{most}</span>
        <span>0</span>
      </div>
      <svg className="chart" viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {days.map((day, index) => {
          const images = used.get(day) ?? 0;
          const height = (images / most) * HEIGHT;
          return (
            <g key={day}>
              {/* The tooltip covers the whole day, not only its bar. */}
              <rect className="day" x={index * width} y={0} width={width} height={HEIGHT} />
              <rect
                x={index * width + width * 0.1}
                y={HEIGHT - height}
                width={width * 0.8}
                height={Math.max(height, 0.5)}
              />
              <title>{`${day}: ${pictures(images)}`}</title>
            </g>
          );
        })}
      </svg>
      <div className="dates quiet" aria-hidden="true">
        {labelled.map((day) => (
          <span key={day}>{day}</span>
        ))}
      </div>
    </figure>
  );
}
