import { EaselClient } from '@easel/client';
import type { Model } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';
import { type Loaded, useLoaded } from './requests.ts';

/** Kept for this tab and no longer: `sessionStorage` ends with it. */
const STORED_KEY = 'easel.key';

export interface Session {
  readonly client: EaselClient;
  /** What can still be spent, as the last reply said. */
  readonly remaining: number | undefined;
  readonly hasOwnKey: boolean;
  /** A name for what the tabs of this browser share that act for the same account; it does not give the key away. */
  readonly room: () => Promise<string>;
  /** What the server said when it refused the key, or the page without one. */
  readonly refusal: string | undefined;
  enterKey(key: string): void;
  /** Back to what the page can do by itself. */
  forgetKey(): void;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [key, setKey] = useState(() => sessionStorage.getItem(STORED_KEY));
  const [remaining, setRemaining] = useState<number>();
  const [refusal, setRefusal] = useState<string>();
  const client = useMemo(() => {
    let renewing: Promise<unknown> | undefined;
    /** The page's cookie comes with the document; requests that find out together that it has had its time get a new one together. */
    const renewCookie = () => {
      renewing ??= fetch(window.location.pathname).finally(() => {
        renewing = undefined;
      });
      return renewing;
    };
    const told: typeof fetch = async (...request) => {
      let reply = await fetch(...request);
      if (reply.status === 401 && key === null) {
        await renewCookie();
        reply = await fetch(...request);
      }
      if (reply.status === 401) setRefusal(await reasonOf(reply.clone()));
      const credits = reply.headers.get('x-remaining-credits');
      if (credits !== null) setRemaining(Number(credits));
      return reply;
    };
    // Somebody is waiting: what takes longer is told instead.
    return new EaselClient({ fetch: told, longestPauseMs: 2000, ...(key !== null && { apiKey: key }) });
  }, [key]);
  const room = useCallback(() => roomOf(key), [key]);
  const session: Session = {
    client,
    remaining,
    hasOwnKey: key !== null,
    room,
    refusal,
    enterKey(text) {
      sessionStorage.setItem(STORED_KEY, text);
      setRemaining(undefined);
      setRefusal(undefined);
      setKey(text);
    },
    forgetKey() {
      sessionStorage.removeItem(STORED_KEY);
      setRemaining(undefined);
      setRefusal(undefined);
      setKey(null);
    },
  };
  return <SessionContext value={session}>{children}</SessionContext>;
}

async function roomOf(key: string | null): Promise<string> {
  // There is nothing to share where browsers keep this from pages: by plain http from another machine.
  if (key === null || !window.isSecureContext) return 'page';
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Of any of the server's surfaces. */
async function reasonOf(reply: Response): Promise<string> {
  const body: unknown = await reply.json().catch(() => null);
  const fields = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  const text = fields.get('detail') ?? fields.get('error');
  return typeof text === 'string' ? text : 'the server does not accept this key';
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('there is no session around this');
  return session;
}

type Models = Loaded<readonly Model[]>;
const ModelsContext = createContext<Models | null>(null);

/** Asks for the server's models once for all views. */
export function ModelsProvider({ children }: { readonly children: ReactNode }) {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply, problem, again } = useLoaded(ask);
  const value = useMemo(() => ({ reply, problem, again }), [reply, problem, again]);
  return <ModelsContext value={value}>{children}</ModelsContext>;
}

export function useModels(): Models {
  const models = use(ModelsContext);
  if (models === null) throw new Error('there are no models around this');
  return models;
}
