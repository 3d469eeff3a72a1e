import type { Account, Key, KeyCreated, KeyPatch } from '@easel/contract';
import { type FormEvent, useCallback, useState } from 'react';
import { Credits } from '../format/credits.tsx';
import { exactCredits, moment } from '../format/text.ts';
import { ConfirmButton, CopyButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { AccountField, listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';
import { blankTerms, EditKey, TermsFields, termsOf } from './key-terms.tsx';

const columns = [
  'Key',
  'Name',
  'Account',
  'Permissions',
  { title: 'Spent this month', isNumber: true },
  'Last used',
  { title: 'Actions', isHidden: true },
];

export function KeysSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      accounts: await listAllAccounts(client, signal),
      keys: (await client.admin.listKeys({}, { signal })).keys,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const [created, setCreated] = useState<KeyCreated>();
  const [edited, setEdited] = useState<Key>();
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
      setEdited(undefined);
    });
  return (
    <Section label="Keys" problem={problem}>
      {created && <CreatedKey created={created} onClose={() => setCreated(undefined)} />}
      <Table columns={columns}>
        {reply?.keys.map((key) => (
          <KeyRow
            key={key.id}
            apiKey={key}
            accountName={reply.accounts.find(({ id }) => id === key.account_id)?.name ?? key.account_id}
            isBusy={isBusy}
            onEdit={() => setEdited(key)}
            onRevoke={() => void act(() => client.admin.revokeKey(key.id))}
          />
        ))}
      </Table>
      {edited && (
        <EditKey
          key={edited.id}
          apiKey={edited}
          problem={problem}
          isBusy={isBusy}
          onSave={(body) => void change(edited, body)}
          onClose={() => setEdited(undefined)}
        />
      )}
      <NewKeyForm accounts={reply?.accounts ?? []} isBusy={isBusy} onSubmit={create} />
    </Section>
  );
}

/** A new key: this is the only time that it is shown. */
function CreatedKey({ created, onClose }: { readonly created: KeyCreated; readonly onClose: () => void }) {
  return (
    <Notice kind="hint" onClose={onClose}>
      The key for {created.name} is <code>{created.key}</code>. Copy it now; it will not be shown again.{' '}
      <CopyButton text={created.key}>Copy</CopyButton>
    </Notice>
  );
}

interface KeyRowProps {
  readonly apiKey: Key;
  readonly accountName: string;
  readonly isBusy: boolean;
  readonly onEdit: () => void;
  readonly onRevoke: () => void;
}

function KeyRow({ apiKey: key, accountName, isBusy, onEdit, onRevoke }: KeyRowProps) {
  const { key: ownKey } = useAdminAccess();
  return (
    <tr className={key.revoked_at === null ? undefined : 'over'}>
      <td>
        <code>…{key.hint}</code>
      </td>
      <td dir="auto">{key.name}</td>
      <td dir="auto">{accountName}</td>
      <td>{describeTerms(key)}</td>
      <td className="number">
        <Credits amount={key.spent_this_month} />
        {key.monthly_budget !== null && ` of ${exactCredits(key.monthly_budget)}`}
      </td>
      <td>{key.last_used_at === null ? 'never' : moment(key.last_used_at)}</td>
      <td>
        {key.revoked_at === null ? (
          <div className="row">
            <button type="button" aria-label={`Edit ${key.name}`} onClick={onEdit}>
              Edit
            </button>
            <ConfirmButton
              aria-label={`Revoke ${key.name}`}
              question={
                ownKey?.endsWith(key.hint) ? 'You are signed in with this key. Really revoke?' : 'Really revoke?'
              }
              disabled={isBusy}
              onConfirm={onRevoke}
            >
              Revoke
            </ConfirmButton>
          </div>
        ) : (
          'revoked'
        )}
      </td>
    </tr>
  );
}

interface NewKeyFormProps {
  readonly accounts: readonly Account[];
  readonly isBusy: boolean;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

function NewKeyForm({ accounts, isBusy, onSubmit }: NewKeyFormProps) {
  return (
    <form className="terms" onSubmit={onSubmit} aria-label="New key">
      <AccountField accounts={accounts} />
      <TermsFields terms={blankTerms} />
      <button type="submit" disabled={isBusy}>
        Create key
      </button>
    </form>
  );
}

/** The scopes and limits of a key. */
function describeTerms({ scopes, models, rate_limit: rate, expires_at: expiry }: Key): string {
  const terms = [
    scopes.join(', '),
    ...(models === null ? [] : [`only ${models.join(', ')}`]),
    ...(rate === null ? [] : [`${rate} requests/min`]),
    ...(expiry === null ? [] : [`expires ${moment(expiry)}`]),
  ];
  return terms.join(' · ');
}
