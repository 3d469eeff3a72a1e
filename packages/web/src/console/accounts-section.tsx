import type { Account } from '@easel/contract';
import { type FormEvent, useCallback } from 'react';
import { credits, moment } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Table } from '../parts/table.tsx';
import { listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';

const columns = [
  'Account',
  { title: 'Balance', isNumber: true },
  { title: 'Reserved', isNumber: true },
  'Created',
  'Monthly refill',
  'Add credits',
  'State',
];

export function AccountsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback((signal: AbortSignal) => listAllAccounts(client, signal), [client]);
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
    <Section label="Accounts" problem={problem}>
      <Table columns={columns}>
        {accounts?.map((account) => (
          <AccountRow
            key={account.id}
            account={account}
            isBusy={isBusy}
            onGrant={(event) => grant(event, account)}
            onClose={() => void act(() => client.admin.closeAccount(account.id))}
            onReopen={() => void act(() => client.admin.reopenAccount(account.id))}
          />
        ))}
      </Table>
      <form className="terms" onSubmit={create}>
        <label className="field">
          New account name
          <input name="name" maxLength={100} required />
        </label>
        <button type="submit" disabled={isBusy}>
          Create account
        </button>
      </form>
    </Section>
  );
}

interface AccountRowProps {
  readonly account: Account;
  readonly isBusy: boolean;
  readonly onGrant: (event: FormEvent<HTMLFormElement>) => void;
  readonly onClose: () => void;
  readonly onReopen: () => void;
}

function AccountRow({ account, isBusy, onGrant, onClose, onReopen }: AccountRowProps) {
  return (
    <tr className={account.closed_at === null ? undefined : 'over'}>
      <td>{account.name}</td>
      <td className="number">{credits(account.remaining)}</td>
      <td className="number">{credits(account.held)}</td>
      <td>{moment(account.created_at)}</td>
      <td>{describeRefill(account)}</td>
      <td>
        <form className="row" onSubmit={onGrant}>
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
            title="A negative amount deducts credits and requires a reason"
            aria-label={`Reason for ${account.name}`}
          />
          <button type="submit" disabled={isBusy}>
            Add
          </button>
        </form>
      </td>
      <td>
        {account.closed_at === null ? (
          <ConfirmButton
            aria-label={`Close ${account.name}`}
            question="Really close? Its keys are revoked permanently."
            disabled={isBusy}
            onConfirm={onClose}
          >
            Close
          </ConfirmButton>
        ) : (
          <>
            closed{' '}
            <button type="button" aria-label={`Reopen ${account.name}`} disabled={isBusy} onClick={onReopen}>
              Reopen
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function describeRefill({ refill }: Account): string {
  if (refill === null) return '–';
  return `${refill.mode === 'add' ? '+' : 'up to '}${credits(refill.amount)} on day ${refill.day}`;
}
