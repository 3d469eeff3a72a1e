import type { Account } from '@easel/contract';
import { type FormEvent, useCallback } from 'react';
import { credits, moment } from '../format/text.ts';
import { Notice } from '../parts/notices.tsx';
import { ScrollBox } from '../parts/table.tsx';
import { useAdmin, useAdminAccess } from './admin.tsx';

export function AccountsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const accounts: Account[] = [];
      for await (const account of client.admin.allAccounts({ limit: 100 }, { signal })) accounts.push(account);
      return accounts;
    },
    [client],
  );
  const { reply: accounts, problem, act, isBusy } = useAdmin(ask);
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (name !== '' && !isBusy) void act(() => client.admin.createAccount({ name }).then(() => form.reset()));
  };
  const grant = (event: FormEvent<HTMLFormElement>, account: Account) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const amount = Number(data.get('amount'));
    const note = String(data.get('note') ?? '').trim();
    if (isBusy || amount === 0) return;
    const body = { account_id: account.id, amount, ...(note !== '' && { note }) };
    void act(() => client.admin.grant(body).then(() => form.reset()));
  };
  return (
    <section className="card stack" aria-label="Accounts">
      <h2>Accounts</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Account</th>
              <th className="number">Balance</th>
              <th className="number">Reserved</th>
              <th>Created</th>
              <th>Add credits</th>
            </tr>
          </thead>
          <tbody>
            {accounts?.map((account) => (
              <tr key={account.id}>
                <td>{account.name}</td>
                <td className="number">{credits(account.remaining)}</td>
                <td className="number">{credits(account.held)}</td>
                <td>{moment(account.created_at)}</td>
                <td>
                  <form className="row" onSubmit={(event) => grant(event, account)}>
                    <input
                      name="amount"
                      type="number"
                      step="any"
                      placeholder="Amount"
                      aria-label={`Credits for ${account.name}`}
                    />
                    <input
                      name="note"
                      maxLength={500}
                      placeholder="Reason"
                      title="A negative amount takes credits back, and needs a reason"
                      aria-label={`Reason for ${account.name}`}
                    />
                    <button type="submit" disabled={isBusy}>
                      Add
                    </button>
                  </form>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <form className="terms" onSubmit={create}>
        <label className="field">
          Name of a new account
          <input name="name" maxLength={100} required />
        </label>
        <button type="submit" disabled={isBusy}>
          Create account
        </button>
      </form>
    </section>
  );
}
