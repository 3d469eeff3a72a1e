import type { Account } from '@easel/contract';
import { type FormEvent, useCallback } from 'react';
import { credits, moment } from '../format/amounts.ts';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useSession } from '../session/session.tsx';
import { useAdmin } from './use-admin.ts';

export function AccountsSection() {
  const { client } = useSession();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const accounts: Account[] = [];
      for await (const account of client.admin.allAccounts({ limit: 100 }, { signal })) accounts.push(account);
      return accounts;
    },
    [client],
  );
  const { reply: accounts, problem, act } = useAdmin(ask);
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (name !== '') void act(() => client.admin.createAccount({ name }).then(() => form.reset()));
  };
  const grant = (event: FormEvent<HTMLFormElement>, account: Account) => {
    event.preventDefault();
    const form = event.currentTarget;
    const amount = Number(new FormData(form).get('amount'));
    if (amount > 0) void act(() => client.admin.grant({ account_id: account.id, amount }).then(() => form.reset()));
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
              <th className="number">Can spend</th>
              <th className="number">Held</th>
              <th>Since</th>
              <th>Give credits</th>
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
                      min="0.000001"
                      step="any"
                      aria-label={`Credits for ${account.name}`}
                    />
                    <button type="submit">Give</button>
                  </form>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <form className="row" onSubmit={create}>
        <input name="name" aria-label="Name of a new account" placeholder="New account" maxLength={100} />
        <button type="submit">Make an account</button>
      </form>
    </section>
  );
}
