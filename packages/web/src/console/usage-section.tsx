import { useCallback, useState } from 'react';
import { credits } from '../format/amounts.ts';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useAdminAccess } from './admin-access.tsx';
import { daysFrom } from './days.ts';
import { useAdmin } from './use-admin.ts';

const HEIGHT = 80;

/** The usage of an account in the last thirty days. */
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
  const most = Math.max(1, ...used.values());
  const days = reply === undefined ? [] : daysFrom(reply.days.from, reply.days.to);
  const width = 100 / Math.max(1, days.length);
  return (
    <section className="card stack" aria-label="Usage">
      <div className="row spread">
        <h2>Usage</h2>
        <select
          aria-label="Of this account"
          value={reply?.id ?? ''}
          onChange={(event) => setChosen(event.target.value)}
        >
          {reply?.accounts.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {reply && (
        <>
          <svg
            className="chart"
            viewBox={`0 0 100 ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${reply.days.total.images} pictures from ${reply.days.from} to ${reply.days.to}`}
          >
            {days.map((day, index) => {
              const images = used.get(day) ?? 0;
              const height = (images / most) * (HEIGHT - 2);
              return (
                <rect
                  key={day}
                  x={index * width + width * 0.1}
                  y={HEIGHT - height}
                  width={width * 0.8}
                  height={Math.max(height, 0.5)}
                >
                  <title>{`${day}: ${images} pictures`}</title>
                </rect>
              );
            })}
          </svg>
          <p>
            {reply.days.total.images} pictures for {credits(reply.days.total.cost)} credits from {reply.days.from} to{' '}
            {reply.days.to}
            {reply.models.rows.length > 0 &&
              `: ${reply.models.rows.map(({ group, images }) => `${group} ${images}`).join(', ')}`}
            .
          </p>
          <details>
            <summary>The last movements</summary>
            <ScrollBox>
              <table>
                <thead>
                  <tr>
                    <th>When</th>
                    <th>What</th>
                    <th className="number">Amount</th>
                    <th className="number">Can spend then</th>
                  </tr>
                </thead>
                <tbody>
                  {reply.ledger.map((entry) => (
                    <tr key={entry.id}>
                      <td>{entry.created_at.slice(0, 19).replace('T', ' ')}</td>
                      <td>
                        {entry.kind} {entry.note}
                      </td>
                      <td className="number">{credits(entry.amount)}</td>
                      <td className="number">{credits(entry.remaining)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollBox>
          </details>
        </>
      )}
    </section>
  );
}
