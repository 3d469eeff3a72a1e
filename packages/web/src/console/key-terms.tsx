import type { Key, KeyCreate, KeyScope } from '@easel/contract';
import type { FormEvent } from 'react';
import { Notice } from '../parts/notices.tsx';
import { Overlay } from '../parts/overlay.tsx';

/** What an administrator decides about a key. */
export type Terms = Pick<Key, 'name' | 'scopes' | 'monthly_budget' | 'rate_limit' | 'expires_at'>;

export const blankTerms: Terms = {
  name: '',
  scopes: ['generate', 'read'],
  monthly_budget: null,
  rate_limit: null,
  expires_at: null,
};

const scopeChoices: readonly { readonly title: string; readonly scopes: readonly KeyScope[] }[] = [
  { title: 'Create and view', scopes: ['generate', 'read'] },
  { title: 'Create only', scopes: ['generate'] },
  { title: 'View only', scopes: ['read'] },
  { title: 'Admin', scopes: ['generate', 'read', 'admin'] },
];

/** The fields of a form for the terms of a key. Read them with `termsOf`. */
export function TermsFields({ terms }: { readonly terms: Terms }) {
  const titles = [...new Set([titleOf(terms.scopes), ...scopeChoices.map(({ title }) => title)])];
  return (
    <>
      <label className="field">
        Name
        <input name="name" required maxLength={100} defaultValue={terms.name} />
      </label>
      <label className="field">
        Permissions
        <select name="scopes" defaultValue={titleOf(terms.scopes)}>
          {titles.map((title) => (
            <option key={title}>{title}</option>
          ))}
        </select>
      </label>
      <label className="field">
        Credits per month
        <input
          name="budget"
          type="number"
          min="0"
          step="any"
          placeholder="no limit"
          defaultValue={terms.monthly_budget ?? ''}
        />
      </label>
      <label className="field">
        Requests per minute
        <input
          name="rate"
          type="number"
          min="1"
          max="100000"
          placeholder="server default"
          defaultValue={terms.rate_limit ?? ''}
        />
      </label>
      <label className="field">
        Last day
        <input name="expiry" type="date" defaultValue={dayOf(terms.expires_at)} />
      </label>
    </>
  );
}

/** What a form with `TermsFields` says. @param before what it began with: a day that was left alone keeps its hour */
export function termsOf(
  data: FormData,
  before: Terms,
): Required<Pick<KeyCreate, 'name'>> & Omit<KeyCreate, 'account_id'> {
  const text = (name: string) => String(data.get(name) ?? '').trim();
  const numberIn = (name: string) => (text(name) === '' ? null : Number(text(name)));
  const scopes = scopeChoices.find(({ title }) => title === text('scopes'))?.scopes ?? before.scopes;
  const day = text('expiry');
  return {
    name: text('name'),
    scopes: [...scopes],
    monthly_budget: numberIn('budget'),
    rate_limit: numberIn('rate'),
    expires_at: day === dayOf(before.expires_at) ? before.expires_at : endOfDay(day),
  };
}

export interface ChangeKeyProps {
  readonly apiKey: Key;
  readonly problem: string | undefined;
  readonly isBusy: boolean;
  readonly onChange: (terms: ReturnType<typeof termsOf>) => void;
  readonly onClose: () => void;
}

/** A form with the terms of a key that there is. */
export function ChangeKey({ apiKey, problem, isBusy, onChange, onClose }: ChangeKeyProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isBusy) onChange(termsOf(new FormData(event.currentTarget), apiKey));
  };
  return (
    <Overlay label={`Change ${apiKey.name}`} className="card key-terms" onClose={onClose}>
      <h2>
        Key <code>…{apiKey.hint}</code>
      </h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <form className="stack" onSubmit={submit}>
        <TermsFields terms={apiKey} />
        <button type="submit" className="primary" disabled={isBusy}>
          Save
        </button>
      </form>
    </Overlay>
  );
}

function titleOf(scopes: readonly KeyScope[]): string {
  const own = scopeChoices.find((choice) => choice.scopes.toSorted().join() === scopes.toSorted().join());
  return own?.title ?? scopes.join(', ');
}

/** Where the administrator is: a field for dates knows no time zone. */
function dayOf(instant: string | null): string {
  if (instant === null) return '';
  const date = new Date(instant);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Of the day where the administrator is; no day: never. */
function endOfDay(day: string): string | null {
  return day === '' ? null : new Date(`${day}T23:59:59`).toISOString();
}
