import { EaselClient, EaselError } from '@easel/client';
import { createContext, use, useCallback, useEffect, useState } from 'react';
import { messageOf } from '../session/requests.ts';

/** Kept for this tab, and apart from the page's own key: who rules the server still makes pictures as somebody else. */
const STORED_KEY = 'easel.admin-key';

export interface AdminAccess {
  readonly client: EaselClient;
  /** The key that was entered in the console; null when the page's own may rule. */
  readonly key: string | null;
}

export const AdminContext = createContext<AdminAccess | null>(null);

/** The client that the console's calls are made with. */
export function useAdminAccess(): AdminAccess {
  const access = use(AdminContext);
  if (access === null) throw new Error('there is no console around this');
  return access;
}

/** What an administrator can do with the stored key, or else with the page's own. */
export function storedAccess(pageClient: EaselClient): AdminAccess {
  const key = sessionStorage.getItem(STORED_KEY);
  return key === null ? { client: pageClient, key } : accessWith(key);
}

export function accessWith(key: string): AdminAccess {
  return { client: new EaselClient({ apiKey: key, longestPauseMs: 2000 }), key };
}

export function keep({ key }: AdminAccess): void {
  if (key !== null) sessionStorage.setItem(STORED_KEY, key);
}

export function forget(): void {
  sessionStorage.removeItem(STORED_KEY);
}

export interface Answer {
  readonly access: AdminAccess;
  /** Why these may not manage the server, '' where nobody has claimed they may; null when they may. */
  readonly refusal: string | null;
}

/** Whether these may manage the server. @throws whatever keeps the server from saying so */
export async function refusalOf(access: AdminAccess, signal: AbortSignal): Promise<Answer> {
  const { client, key } = access;
  try {
    await client.admin.queue({ signal });
    return { access, refusal: null };
  } catch (error) {
    if (!(error instanceof EaselError) || (error.status !== 401 && error.status !== 403)) throw error;
    if (key === null) return { access, refusal: '' };
    const refusal = error.status === 401 ? messageOf(error) : 'The server knows this key, but it is not an admin key.';
    return { access, refusal };
  }
}

/** What an administrator's call answers, asked again every few seconds. */
export function useAdmin<Reply>(ask: (signal: AbortSignal) => Promise<Reply>, everyMs = 3000) {
  const [reply, setReply] = useState<Reply>();
  const [unseen, setUnseen] = useState<string>();
  const [undone, setUndone] = useState<string>();
  const [turn, setTurn] = useState(0);
  const [isBusy, setBusy] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks anew after a change
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = () =>
      ask(leaving.signal)
        .then(
          (found) => {
            setReply(found);
            setUnseen(undefined);
          },
          (error: unknown) => {
            if (!leaving.signal.aborted) setUnseen(messageOf(error));
          },
        )
        .finally(() => {
          if (!leaving.signal.aborted) timer = setTimeout(() => void look(), everyMs);
        });
    void look();
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [ask, everyMs, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  /** Does something and looks at what became of it; meanwhile it is busy, so that a double click does it once. */
  const act = useCallback(
    async (work: () => Promise<unknown>) => {
      setBusy(true);
      try {
        await work();
        setUndone(undefined);
        again();
      } catch (error) {
        setUndone(messageOf(error));
      } finally {
        setBusy(false);
      }
    },
    [again],
  );
  return { reply, problem: undone ?? unseen, act, isBusy };
}
