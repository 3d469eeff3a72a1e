import type { Account, Key, KeyCreate, KeyCreated, KeyScope } from '@easel/contract';
import { type FormEvent, useCallback, useState } from 'react';
import { credits, moment } from '../format/amounts.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useAdminAccess } from './admin-access.tsx';
import { useAdmin } from './use-admin.ts';

const scopeChoices: readonly { readonly title: string; readonly scopes: readonly KeyScope[] }[] = [
  { title: 'makes and sees pictures', scopes: ['generate', 'read'] },
  { title: 'makes pictures only', scopes: ['generate'] },
  { title: 'sees pictures only', scopes: ['read'] },
  { title: 'rules the server', scopes: ['generate', 'read', 'admin'] },
];

export function KeysSection() {
  const { client, key: ownKey } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const accounts: Account[] = [];
      for await (const account of client.admin.allAccounts({ limit: 100 }, { signal })) accounts.push(account);
      return { accounts, keys: (await client.admin.listKeys({}, { signal })).keys };
    },
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const [created, setCreated] = useState<KeyCreated>();
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    if (isBusy) return;
    const scopes = scopeChoices.find(({ title }) => title === text('scopes'))?.scopes;
    const body: KeyCreate = {
      account_id: text('account'),
      name: text('name'),
      ...(scopes && { scopes: [...scopes] }),
      ...(text('budget') !== '' && { monthly_budget: Number(text('budget')) }),
      ...(text('rate') !== '' && { rate_limit: Number(text('rate')) }),
      ...(text('expiry') !== '' && { expires_at: endOfDay(text('expiry')) }),
    };
    void act(async () => {
      setCreated(await client.admin.createKey(body));
      form.reset();
    });
  };
  const nameOf = (key: Key) => reply?.accounts.find(({ id }) => id === key.account_id)?.name ?? key.account_id;
  return (
    <section className="card stack" aria-label="Keys">
      <h2>Keys</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {created && (
        <Notice kind="hint" onClose={() => setCreated(undefined)}>
          The key of {created.name} is <code>{created.key}</code>. It is shown this once.{' '}
          <CopyButton text={created.key}>Copy</CopyButton>
        </Notice>
      )}
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Key</th>
              <th>Name</th>
              <th>Account</th>
              <th>May</th>
              <th className="number">Spent this month</th>
              <th>Last used</th>
              <th>
                <span className="visually-hidden">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {reply?.keys.map((key) => (
              <tr key={key.id} className={key.revoked_at === null ? undefined : 'over'}>
                <td>
                  <code>…{key.hint}</code>
                </td>
                <td>{key.name}</td>
                <td>{nameOf(key)}</td>
                <td>{termsOf(key)}</td>
                <td className="number">
                  {credits(key.spent_this_month)}
                  {key.monthly_budget !== null && ` of ${credits(key.monthly_budget)}`}
                </td>
                <td>{key.last_used_at === null ? 'never' : moment(key.last_used_at)}</td>
                <td>
                  {key.revoked_at === null ? (
                    <ConfirmButton
                      aria-label={`Revoke ${key.name}`}
                      question={ownKey?.endsWith(key.hint) ? 'It is the one in use. Revoke?' : 'For good?'}
                      disabled={isBusy}
                      onConfirm={() => void act(() => client.admin.revokeKey(key.id))}
                    >
                      Revoke
                    </ConfirmButton>
                  ) : (
                    'revoked'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <form className="row wrap" onSubmit={create}>
        <input name="name" required aria-label="Name of a new key" placeholder="New key" maxLength={100} />
        <select name="account" aria-label="Its account" required>
          {reply?.accounts.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <input
          name="budget"
          type="number"
          min="0"
          step="any"
          aria-label="Credits a month"
          placeholder="Credits a month"
        />
        <select name="scopes" aria-label="What it may do">
          {scopeChoices.map(({ title }) => (
            <option key={title}>{title}</option>
          ))}
        </select>
        <input
          name="rate"
          type="number"
          min="1"
          max="100000"
          aria-label="Requests a minute"
          placeholder="Requests a minute"
        />
        <label className="row">
          Ends
          <input name="expiry" type="date" aria-label="Its last day" />
        </label>
        <button type="submit" disabled={isBusy}>
          Make a key
        </button>
      </form>
    </section>
  );
}

/** Of the day where the administrator is. */
function endOfDay(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

/** Scopes, and what else narrows the key. */
function termsOf({ scopes, models, rate_limit: rate, expires_at: expiry }: Key): string {
  const terms = [
    scopes.join(', '),
    ...(models === null ? [] : [`only ${models.join(', ')}`]),
    ...(rate === null ? [] : [`${rate} a minute`]),
    ...(expiry === null ? [] : [`until ${moment(expiry)}`]),
  ];
  return terms.join(' · ');
}
