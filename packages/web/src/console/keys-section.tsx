import type { Account, Key, KeyCreated, KeyPatch } from '@easel/contract';
import { type FormEvent, useCallback, useState } from 'react';
import { credits, moment } from '../format/text.ts';
import { ConfirmButton, CopyButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { ScrollBox } from '../parts/table.tsx';
import { useAdmin, useAdminAccess } from './admin.tsx';
import { blankTerms, ChangeKey, TermsFields, termsOf } from './key-terms.tsx';

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
  const [changing, setChanging] = useState<Key>();
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    if (isBusy) return;
    const body = { account_id: String(data.get('account')), ...termsOf(data, blankTerms) };
    void act(async () => {
      setCreated(await client.admin.createKey(body));
      form.reset();
    });
  };
  const change = (key: Key, body: KeyPatch) =>
    act(async () => {
      await client.admin.changeKey(key.id, body);
      setChanging(undefined);
    });
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
              <th>Allowed</th>
              <th className="number">Spent this month</th>
              <th>Last used</th>
              <th>
                <span className="visually-hidden">Change or revoke</span>
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
                <td>{summaryOf(key)}</td>
                <td className="number">
                  {credits(key.spent_this_month)}
                  {key.monthly_budget !== null && ` of ${credits(key.monthly_budget)}`}
                </td>
                <td>{key.last_used_at === null ? 'never' : moment(key.last_used_at)}</td>
                <td>
                  {key.revoked_at === null ? (
                    <div className="row">
                      <button type="button" aria-label={`Change ${key.name}`} onClick={() => setChanging(key)}>
                        Change
                      </button>
                      <ConfirmButton
                        aria-label={`Revoke ${key.name}`}
                        question={ownKey?.endsWith(key.hint) ? 'You are using it. Really revoke?' : 'Really revoke?'}
                        disabled={isBusy}
                        onConfirm={() => void act(() => client.admin.revokeKey(key.id))}
                      >
                        Revoke
                      </ConfirmButton>
                    </div>
                  ) : (
                    'revoked'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {changing && (
        <ChangeKey
          key={changing.id}
          apiKey={changing}
          problem={problem}
          isBusy={isBusy}
          onChange={(body) => void change(changing, body)}
          onClose={() => setChanging(undefined)}
        />
      )}
      <form className="terms" onSubmit={create} aria-label="New key">
        <label className="field">
          Account
          <select name="account" required>
            {reply?.accounts.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <TermsFields terms={blankTerms} />
        <button type="submit" disabled={isBusy}>
          Create key
        </button>
      </form>
    </section>
  );
}

/** Scopes, and what else narrows the key. */
function summaryOf({ scopes, models, rate_limit: rate, expires_at: expiry }: Key): string {
  const terms = [
    scopes.join(', '),
    ...(models === null ? [] : [`only ${models.join(', ')}`]),
    ...(rate === null ? [] : [`${rate} requests/min`]),
    ...(expiry === null ? [] : [`until ${moment(expiry)}`]),
  ];
  return terms.join(' · ');
}
