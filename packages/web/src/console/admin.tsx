import { EaselClient, EaselError } from '@easel/client';
import type { Account } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useEffect, useState } from 'react';
import { Notice } from '../parts/notices.tsx';
import { messageOf } from '../session/requests.ts';

/** Kept for this tab, and separate from the page's own key: an administrator generates pictures with the page's key. */
const STORED_KEY = 'easel.admin-key';

export interface AdminAccess {
  readonly client: EaselClient;
  /** The key that was entered in the console; null when the page's own access is used. */
  readonly key: string | null;
}

export const AdminContext = createContext<AdminAccess | null>(null);

/** The client for the requests of the console. */
export function useAdminAccess(): AdminAccess {
  const access = use(AdminContext);
  if (access === null) throw new Error('useAdminAccess needs an AdminContext');
  return access;
}

/** Access with the stored key, or else with the page's own. */
export function loadAccess(pageClient: EaselClient): AdminAccess {
  const key = sessionStorage.getItem(STORED_KEY);
  return key === null ? { client: pageClient, key } : accessWith(key);
}

export function accessWith(key: string): AdminAccess {
  return { client: new EaselClient({ apiKey: key, longestPauseMs: 2000 }), key };
}

export function saveAccess({ key }: AdminAccess): void {
  if (key !== null) sessionStorage.setItem(STORED_KEY, key);
}

export function clearAccess(): void {
  sessionStorage.removeItem(STORED_KEY);
}

export interface AccessCheck {
  readonly access: AdminAccess;
  /** Why it is not admin access; '' when no admin key was entered; null when it is. */
  readonly refusal: string | null;
}

/** Checks whether this is admin access. @throws any other error of the request */
export async function checkAccess(access: AdminAccess, signal: AbortSignal): Promise<AccessCheck> {
  const { client, key } = access;
  try {
    await client.admin.queue({ signal });
    return { access, refusal: null };
  } catch (error) {
    if (!(error instanceof EaselError) || (error.status !== 401 && error.status !== 403)) throw error;
    if (key === null) return { access, refusal: '' };
    const refusal = error.status === 401 ? messageOf(error) : 'This key is valid, but it is not an admin key.';
    return { access, refusal };
  }
}

/** Loads data for administrators, and again every few seconds. */
export function useAdmin<Reply>(ask: (signal: AbortSignal) => Promise<Reply>, intervalMs = 3000) {
  const [reply, setReply] = useState<Reply>();
  const [loadProblem, setLoadProblem] = useState<string>();
  const [actionProblem, setActionProblem] = useState<string>();
  const [turn, setTurn] = useState(0);
  const [isBusy, setBusy] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` loads again after a change
  useEffect(() => {
    const unmount = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const load = () =>
      ask(unmount.signal)
        .then(
          (found) => {
            setReply(found);
            setLoadProblem(undefined);
          },
          (error: unknown) => {
            if (!unmount.signal.aborted) setLoadProblem(messageOf(error));
          },
        )
        .finally(() => {
          if (!unmount.signal.aborted) timer = setTimeout(() => void load(), intervalMs);
        });
    void load();
    return () => {
      clearTimeout(timer);
      unmount.abort();
    };
  }, [ask, intervalMs, turn]);
  /** Performs a change and loads again; busy meanwhile, so that a double click does it once. */
  const act = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      setActionProblem(undefined);
      setTurn((before) => before + 1);
    } catch (error) {
      setActionProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  }, []);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { reply, problem: actionProblem ?? loadProblem, act, isBusy, reload };
}

/** All accounts of the server. */
export async function listAllAccounts({ admin }: EaselClient, signal: AbortSignal): Promise<Account[]> {
  const accounts: Account[] = [];
  for await (const account of admin.allAccounts({ limit: 100 }, { signal })) accounts.push(account);
  return accounts;
}

/** The first entries of a list that has pages. */
export async function takeFrom<Entry>(entries: AsyncIterable<Entry>, count: number): Promise<Entry[]> {
  const taken: Entry[] = [];
  for await (const entry of entries) {
    taken.push(entry);
    if (taken.length === count) break;
  }
  return taken;
}

export interface SectionProps {
  readonly label: string;
  /** The heading, where it differs from the label. */
  readonly title?: string;
  readonly problem: string | undefined;
  /** Next to the heading. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A section of the console: a heading, what went wrong, and the content. */
export function Section({ label, title = label, problem, action, children }: SectionProps) {
  return (
    <section className="card stack" aria-label={label}>
      {action === undefined ? (
        <h2>{title}</h2>
      ) : (
        <div className="row spread">
          <h2>{title}</h2>
          {action}
        </div>
      )}
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {children}
    </section>
  );
}

export interface AccountFilterProps {
  readonly accounts: readonly Account[];
  /** Empty: all accounts. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}

/** Whose entries a list shows. */
export function AccountFilter({ accounts, value, onChange }: AccountFilterProps) {
  return (
    <label className="field filter">
      Account
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">all</option>
        {accounts.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Which account something new in a form belongs to, as `account`. */
export function AccountField({ accounts }: { readonly accounts: readonly Account[] }) {
  return (
    <label className="field">
      Account
      <select name="account" required>
        {accounts.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
