import type { Account } from '@easel/contract';
import { type FormEvent, useCallback, useState } from 'react';
import { Credits } from '../format/credits.tsx';
import { exactCredits, moment } from '../format/text.ts';
import { ConfirmButton, Link } from '../parts/buttons.tsx';
import { Table } from '../parts/table.tsx';
import { addressOf } from '../router.ts';
import { listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';
import { ChangeBalance, EditAccount } from './money-forms.tsx';

const columns = [
  'Account',
  { title: 'Available', isNumber: true },
  { title: 'Reserved', isNumber: true },
  'Monthly refill',
  'Limits',
  'Created',
  { title: 'Actions', isHidden: true },
];

type Opened = readonly [form: 'credits' | 'edit', account: Account];

export function AccountsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback((signal: AbortSignal) => listAllAccounts(client, signal), [client]);
  const { reply: accounts, problem, act, isBusy, reload } = useAdmin(ask);
  const [opened, setOpened] = useState<Opened>();
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (name !== '' && !isBusy) void act(() => client.admin.createAccount({ name }).then(() => form.reset()));
  };
  const close = (isDone: boolean) => {
    setOpened(undefined);
    if (isDone) reload();
  };
  const [form, chosen] = opened ?? [];
  return (
    <Section label="Accounts" problem={problem}>
      <Table columns={columns}>
        {accounts?.map((account) => (
          <AccountRow
            key={account.id}
            account={account}
            isBusy={isBusy}
            onOpen={(name) => setOpened([name, account])}
            onClose={() => void act(() => client.admin.closeAccount(account.id))}
            onReopen={() => void act(() => client.admin.reopenAccount(account.id))}
          />
        ))}
      </Table>
      <form className="terms" onSubmit={create}>
        <label className="field">
          New account name
          <input name="name" dir="auto" maxLength={100} required />
        </label>
        <button type="submit" disabled={isBusy}>
          Create account
        </button>
      </form>
      {chosen && form === 'credits' && <ChangeBalance account={chosen} onClose={close} />}
      {chosen && form === 'edit' && <EditAccount account={chosen} onClose={close} />}
    </Section>
  );
}

interface AccountRowProps {
  readonly account: Account;
  readonly isBusy: boolean;
  readonly onOpen: (form: Opened[0]) => void;
  readonly onClose: () => void;
  readonly onReopen: () => void;
}

function AccountRow({ account, isBusy, onOpen, onClose, onReopen }: AccountRowProps) {
  const { id, name } = account;
  const isClosed = account.closed_at !== null;
  return (
    <tr className={isClosed ? 'over' : undefined}>
      <td dir="auto">{name}</td>
      <td className="number">
        <Credits amount={account.remaining} />
      </td>
      <td className="number">
        <Credits amount={account.held} />
      </td>
      <td>{describeRefill(account)}</td>
      <td>{describeLimits(account)}</td>
      <td>{moment(account.created_at)}</td>
      <td>
        <div className="row">
          <button type="button" aria-label={`Credits of ${name}`} onClick={() => onOpen('credits')}>
            Credits…
          </button>
          <button type="button" aria-label={`Edit ${name}`} onClick={() => onOpen('edit')}>
            Edit…
          </button>
          <Link href={addressOf('console', { account: id }, 'usage')} aria-label={`Usage and ledger of ${name}`}>
            Ledger
          </Link>
          {isClosed ? (
            <button type="button" aria-label={`Reopen ${name}`} disabled={isBusy} onClick={onReopen}>
              Reopen
            </button>
          ) : (
            <ConfirmButton
              aria-label={`Close ${name}`}
              question="Really close? Its keys are revoked permanently."
              disabled={isBusy}
              onConfirm={onClose}
            >
              Close
            </ConfirmButton>
          )}
        </div>
      </td>
    </tr>
  );
}

function describeRefill({ refill }: Account): string {
  if (refill === null) return '–';
  return `${refill.mode === 'add' ? '+' : 'up to '}${exactCredits(refill.amount)} on day ${refill.day}`;
}

function describeLimits({ max_concurrent: running, max_queued: queued, closed_at: closed }: Account): string {
  const limits = [
    ...(closed === null ? [] : [`closed ${moment(closed)}`]),
    ...(running === null ? [] : [`${running} at once`]),
    ...(queued === null ? [] : [`${queued} queued`]),
  ];
  return limits.length === 0 ? '–' : limits.join(', ');
}
