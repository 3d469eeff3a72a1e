import type { Key, KeyCreate, KeyScope } from '@easel/contract';
import type { FormEvent } from 'react';
import { Notice } from '../parts/notices.tsx';
import { Overlay } from '../parts/overlay.tsx';

/** The terms of a key, as an administrator sets them. */
export type Terms = Pick<Key, 'name' | 'scopes' | 'models' | 'monthly_budget' | 'rate_limit' | 'expires_at'>;

export const blankTerms: Terms = {
  name: '',
  scopes: ['generate', 'read'],
  models: null,
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

/** The form fields for the terms of a key. Read them with `termsOf`. */
export function TermsFields({ terms }: { readonly terms: Terms }) {
  const titles = [...new Set([titleOf(terms.scopes), ...scopeChoices.map(({ title }) => title)])];
  return (
    <>
      <label className="field">
        Name
        <input name="name" dir="auto" required maxLength={100} defaultValue={terms.name} />
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
        Models
        <input
          name="models"
          placeholder="all"
          title="Names of models, with commas between; empty: all"
          defaultValue={terms.models?.join(', ') ?? ''}
        />
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
        Expires
        <input name="expiry" type="date" defaultValue={dayOf(terms.expires_at)} />
      </label>
    </>
  );
}

/** The terms in a form with `TermsFields`. @param before the terms it started with: an unchanged day keeps its time */
export function termsOf(
  data: FormData,
  before: Terms,
): Required<Pick<KeyCreate, 'name'>> & Omit<KeyCreate, 'account_id'> {
  const text = (name: string) => String(data.get(name) ?? '').trim();
  const numberOrNull = (name: string) => (text(name) === '' ? null : Number(text(name)));
  const scopes = scopeChoices.find(({ title }) => title === text('scopes'))?.scopes ?? before.scopes;
  const models = text('models')
    .split(/[\s,]+/)
    .filter((name) => name !== '');
  const day = text('expiry');
  return {
    name: text('name'),
    scopes: [...scopes],
    models: models.length === 0 ? null : models,
    monthly_budget: numberOrNull('budget'),
    rate_limit: numberOrNull('rate'),
    expires_at: day === dayOf(before.expires_at) ? before.expires_at : endOfDay(day),
  };
}

export interface EditKeyProps {
  readonly apiKey: Key;
  readonly problem: string | undefined;
  readonly isBusy: boolean;
  readonly onSave: (terms: ReturnType<typeof termsOf>) => void;
  readonly onClose: () => void;
}

/** A form for the terms of an existing key. */
export function EditKey({ apiKey, problem, isBusy, onSave, onClose }: EditKeyProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isBusy) onSave(termsOf(new FormData(event.currentTarget), apiKey));
  };
  return (
    <Overlay label={`Edit ${apiKey.name}`} className="card key-terms" onClose={onClose}>
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

/** In the time zone of the administrator: a date input has none. */
function dayOf(instant: string | null): string {
  if (instant === null) return '';
  const date = new Date(instant);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** In the time zone of the administrator; no day means that the key never expires. */
function endOfDay(day: string): string | null {
  return day === '' ? null : new Date(`${day}T23:59:59`).toISOString();
}
