import type { AuditEntry } from '@easel/contract';
import { useCallback, useState } from 'react';
import { moment } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { AccountFilter, listAllAccounts, Section, takeFrom, useAdmin, useAdminAccess } from './admin.tsx';

const PAGE = 30;
const columns = ['Time', 'Key', 'Address', 'Action', 'Account', 'Details', 'Reply'];

/** What administrators did or tried to do, newest first. */
export function AuditSection() {
  const { client } = useAdminAccess();
  const [account, setAccount] = useState('');
  const [count, setCount] = useState(PAGE);
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      accounts: await listAllAccounts(client, signal),
      entries: await takeFrom(
        client.admin.wholeAudit({ limit: PAGE, ...(account !== '' && { account_id: account }) }, { signal }),
        count,
      ),
    }),
    [client, account, count],
  );
  const { reply, problem } = useAdmin(ask, 10_000);
  const names = new Map(reply?.accounts.map(({ id, name }) => [id, name]));
  return (
    <Section
      label="Audit log"
      problem={problem}
      action={<AccountFilter accounts={reply?.accounts ?? []} value={account} onChange={setAccount} />}
    >
      <Table columns={columns}>
        {reply?.entries.map((entry) => (
          <AuditRow key={entry.id} entry={entry} accountName={names.get(entry.account_id ?? '') ?? entry.account_id} />
        ))}
      </Table>
      {reply?.entries.length === 0 && <p className="quiet">Nothing has been changed yet.</p>}
      {reply?.entries.length === count && (
        <button type="button" className="own-width" onClick={() => setCount(count + PAGE)}>
          Show more
        </button>
      )}
    </Section>
  );
}

function AuditRow({ entry, accountName }: { readonly entry: AuditEntry; readonly accountName: string | null }) {
  const details = JSON.stringify(entry.details);
  return (
    <tr>
      <td>{moment(entry.created_at)}</td>
      <td dir="auto">{entry.key_name}</td>
      <td>{entry.client}</td>
      <td>
        <code>{entry.action}</code>
      </td>
      <td dir="auto">{accountName ?? '–'}</td>
      <td className="clipped" dir="auto" title={details}>
        {details === '{}' ? (entry.subject ?? '–') : details}
      </td>
      <td className={(entry.status ?? 0) >= 400 ? 'wrong' : undefined}>{entry.status ?? 'no reply'}</td>
    </tr>
  );
}
