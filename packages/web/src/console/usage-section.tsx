import type { LedgerEntry, UsageReport, UsageReportRow } from '@easel/contract';
import { useCallback, useState } from 'react';
import { saveFile } from '../files/picture-file.ts';
import { Credits } from '../format/credits.tsx';
import { credits, daysFrom, exactCredits, moment, pictures } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { AccountFilter, listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';
import { type Bar, DayChart, RankChart } from './usage-chart.tsx';

const dimensions = ['day', 'account', 'key', 'model'] as const;
type Dimension = (typeof dimensions)[number];
const measures = ['pictures', 'credits'] as const;
type Measure = (typeof measures)[number];

/** What of the usage is shown; kept in the address. */
interface Choice {
  readonly account: string;
  readonly by: Dimension;
  readonly measure: Measure;
  /** The first and the last day; empty: the last thirty days. */
  readonly from: string;
  readonly to: string;
}

function useChoice(): readonly [Choice, (part: Partial<Choice>) => void] {
  const { query } = useRoute();
  const day = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(query.get(name) ?? '') ? (query.get(name) ?? '') : '');
  const choice: Choice = {
    account: query.get('account') ?? '',
    by: dimensions.find((each) => each === query.get('by')) ?? 'day',
    measure: measures.find((each) => each === query.get('measure')) ?? 'pictures',
    from: day('from'),
    to: day('to'),
  };
  const change = (part: Partial<Choice>) => {
    const given = Object.entries({ ...choice, ...part }).filter(([, value]) => value !== '');
    go(addressOf('console', Object.fromEntries(given), 'usage'), { replace: true });
  };
  return [choice, change];
}

/** What was used in a range of days, by day, account, key or model, and the ledger of an account. */
export function UsageSection() {
  const { client } = useAdminAccess();
  const [{ account, by, measure, from, to }, change] = useChoice();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const accounts = await listAllAccounts(client, signal);
      const known = accounts.some(({ id }) => id === account) ? account : '';
      const range = {
        ...(from !== '' && { from }),
        ...(to !== '' && { to }),
        ...(known !== '' && { account_id: known }),
      };
      return { accounts, account: known, range, report: await client.admin.usageReport({ by, ...range }, { signal }) };
    },
    [client, account, by, from, to],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask, 10_000);
  const download = async () => {
    const csv = await client.admin.usageCsv({ by: 'account,key,day,model', ...reply?.range });
    const name = `easel-usage-${reply?.report.from}-${reply?.report.to}.csv`;
    saveFile(new Blob([csv], { type: 'text/csv;charset=utf-8' }), name);
  };
  return (
    <Section
      label="Usage"
      problem={problem}
      action={
        <button type="button" disabled={isBusy || reply === undefined} onClick={() => void act(download)}>
          Download CSV
        </button>
      }
    >
      <div className="terms">
        <AccountFilter
          accounts={reply?.accounts ?? []}
          value={reply?.account ?? account}
          onChange={(next) => change({ account: next })}
        />
        <Select label="Group by" value={by} choices={dimensions} onChange={(next) => change({ by: next })} />
        <Select label="Show" value={measure} choices={measures} onChange={(next) => change({ measure: next })} />
        <label className="field">
          From
          <input
            type="date"
            value={from || reply?.report.from}
            onChange={(event) => change({ from: event.target.value })}
          />
        </label>
        <label className="field">
          To
          <input type="date" value={to || reply?.report.to} onChange={(event) => change({ to: event.target.value })} />
        </label>
      </div>
      {reply && <Report report={reply.report} measure={measure} />}
      {reply && reply.account !== '' && <Ledger key={reply.account} account={reply.account} />}
      {reply && reply.account === '' && <p className="quiet">Choose an account to see its ledger.</p>}
    </Section>
  );
}

interface SelectProps<Choice extends string> {
  readonly label: string;
  readonly value: Choice;
  readonly choices: readonly Choice[];
  readonly onChange: (value: Choice) => void;
}

function Select<Choice extends string>({ label, value, choices, onChange }: SelectProps<Choice>) {
  const choose = (text: string) => {
    const next = choices.find((each) => each === text);
    if (next !== undefined) onChange(next);
  };
  return (
    <label className="field">
      {label}
      <select value={value} onChange={(event) => choose(event.target.value)}>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}

function Report({ report, measure }: { readonly report: UsageReport; readonly measure: Measure }) {
  const { from, to, rows, total } = report;
  const amountOf = ({ images, cost }: { readonly images: number; readonly cost: number }) =>
    measure === 'pictures' ? images : cost;
  const describe = (amount: number) => (measure === 'pictures' ? pictures(amount) : `${credits(amount)} credits`);
  const isByDay = report.by[0] === 'day';
  const found = rows.map((row): Bar => ({ ...namesOf(row), amount: amountOf(row) }));
  const known = new Map(found.map((bar) => [bar.id, bar]));
  const bars = isByDay ? daysFrom(from, to).map((day) => known.get(day) ?? { id: day, name: day, amount: 0 }) : found;
  const label = `${describe(amountOf(total))} from ${from} to ${to}`;
  return (
    <>
      {isByDay ? (
        <DayChart bars={bars} unit={measure} label={label} describe={describe} />
      ) : (
        <RankChart bars={bars} unit={measure} label={label} describe={describe} />
      )}
      <p>
        {pictures(total.images)} in {total.jobs} jobs for <Credits amount={total.cost} /> credits
        {total.refunded > 0 && `, after refunds of ${exactCredits(total.refunded)}`}.
      </p>
    </>
  );
}

function namesOf({ account_id, account, key_id, key, day, model }: UsageReportRow): Omit<Bar, 'amount'> {
  const id = account_id ?? key_id ?? day ?? model ?? 'none';
  return { id, name: account ?? key ?? day ?? model ?? (key_id === null ? 'the page, without a key' : id) };
}

const ledgerColumns = [
  'Time',
  'Type',
  { title: 'Balance change', isNumber: true },
  { title: 'Charged', isNumber: true },
  { title: 'Available after', isNumber: true },
];

const LEDGER_PAGE = 20;

/** The newest entries of an account's ledger, with exact amounts: here they have to add up. */
function Ledger({ account }: { readonly account: string }) {
  const { client } = useAdminAccess();
  const [count, setCount] = useState(LEDGER_PAGE);
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const entries: LedgerEntry[] = [];
      let cursor: string | null = null;
      do {
        const page = await client.admin.ledger(
          account,
          { limit: LEDGER_PAGE, ...(cursor !== null && { cursor }) },
          { signal },
        );
        entries.push(...page.entries);
        cursor = page.next_cursor;
      } while (cursor !== null && entries.length < count);
      return { entries, hasMore: cursor !== null };
    },
    [client, account, count],
  );
  const { reply, problem } = useAdmin(ask, 10_000);
  return (
    <section className="stack" aria-label="Ledger">
      <h3>Ledger</h3>
      {problem !== undefined && <p className="wrong">{problem}</p>}
      <Table columns={ledgerColumns} caption="Ledger">
        {reply?.entries.map((entry) => (
          <tr key={entry.id}>
            <td>{moment(entry.created_at)}</td>
            <td dir="auto">
              {entry.kind} {entry.note}
            </td>
            <td className="number">{exactCredits(entry.amount)}</td>
            <td className="number">{entry.amount_charged === 0 ? '–' : exactCredits(entry.amount_charged)}</td>
            <td className="number">{exactCredits(entry.remaining)}</td>
          </tr>
        ))}
      </Table>
      {reply?.hasMore && (
        <button type="button" className="own-width" onClick={() => setCount(count + LEDGER_PAGE)}>
          Show more
        </button>
      )}
    </section>
  );
}
