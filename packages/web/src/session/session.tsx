import { EaselClient } from '@easel/client';
import type { Model } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { type Loaded, useLoaded } from './requests.ts';

/** In `sessionStorage`, which ends with the tab, or in `localStorage`, if the user has asked to remember it on this device. */
const STORED_KEY = 'easel.key';

function storedKey(): string | null {
  return sessionStorage.getItem(STORED_KEY) ?? localStorage.getItem(STORED_KEY);
}

export interface Session {
  readonly client: EaselClient;
  /** The balance, as of the last reply. */
  readonly remaining: number | undefined;
  readonly hasOwnKey: boolean;
  /** Whether the key is remembered on this device. */
  readonly isRemembered: boolean;
  /** An id shared by the tabs of this browser that use the same account; it does not reveal the key. */
  readonly room: () => Promise<string>;
  /** The server's message when it refused the key, or the page without a key. */
  readonly refusal: string | undefined;
  signIn(key: string, options: { readonly isRemembered: boolean }): void;
  /** Forgets the key, on this device too, and falls back to the page's own access. */
  signOut(): void;
}

function forgetKey(): void {
  sessionStorage.removeItem(STORED_KEY);
  localStorage.removeItem(STORED_KEY);
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [key, setKey] = useState(storedKey);
  const [remaining, setRemaining] = useState<number>();
  const [refusal, setRefusal] = useState<string>();
  const client = useMemo(() => createClient(key, setRemaining, setRefusal), [key]);
  const room = useCallback(() => roomOf(key), [key]);
  const applyKey = useCallback((next: string | null) => {
    setRemaining(undefined);
    setRefusal(undefined);
    setKey(next);
  }, []);
  useEffect(() => {
    // Forgotten in another tab.
    const onStorage = ({ key: name, oldValue, newValue }: StorageEvent) => {
      if (name === STORED_KEY && newValue === null && oldValue === key && sessionStorage.getItem(STORED_KEY) === null)
        applyKey(null);
    };
    window.addEventListener('storage', onStorage);
    return () => window.removeEventListener('storage', onStorage);
  }, [key, applyKey]);
  const session: Session = {
    client,
    remaining,
    hasOwnKey: key !== null,
    isRemembered: key !== null && localStorage.getItem(STORED_KEY) === key,
    room,
    refusal,
    signIn: (next, { isRemembered }) => {
      forgetKey();
      (isRemembered ? localStorage : sessionStorage).setItem(STORED_KEY, next);
      applyKey(next);
    },
    signOut: () => {
      forgetKey();
      applyKey(null);
    },
  };
  return <SessionContext value={session}>{children}</SessionContext>;
}

function createClient(
  key: string | null,
  onBalance: (credits: number) => void,
  onRefusal: (reason: string) => void,
): EaselClient {
  let renewal: Promise<unknown> | undefined;
  /** The page's cookie comes with the document; concurrent requests that find it expired share one renewal. */
  const renewCookie = () => {
    renewal ??= fetch(window.location.pathname).finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
  const watchedFetch: typeof fetch = async (...request) => {
    let reply = await fetch(...request);
    if (reply.status === 401 && key === null) {
      await renewCookie();
      reply = await fetch(...request);
    }
    if (reply.status === 401) onRefusal(await refusalIn(reply.clone()));
    const credits = reply.headers.get('x-remaining-credits');
    if (credits !== null) onBalance(Number(credits));
    return reply;
  };
  // A user is waiting: show a longer wait as an error instead.
  return new EaselClient({ fetch: watchedFetch, longestPauseMs: 2000, ...(key !== null && { apiKey: key }) });
}

async function roomOf(key: string | null): Promise<string> {
  // Outside secure contexts (plain HTTP from another machine) there is no crypto.subtle, and nothing is shared between tabs.
  if (key === null || !window.isSecureContext) return 'page';
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The error message, whichever API surface replied. */
async function refusalIn(reply: Response): Promise<string> {
  const body: unknown = await reply.json().catch(() => null);
  const fields = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  const text = fields.get('detail') ?? fields.get('error');
  return typeof text === 'string' ? text : 'the server does not accept this key';
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('useSession needs a SessionProvider');
  return session;
}

const STARTING_MS = 5000;

type Models = Loaded<readonly Model[]>;
const ModelsContext = createContext<Models | null>(null);

/** Loads the server's models once for all views. */
export function ModelsProvider({ children }: { readonly children: ReactNode }) {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply, problem, retry } = useLoaded(ask);
  // Where a model runs is known once a worker has loaded it.
  const isStarting = reply?.some(({ devices }) => devices.length === 0) === true;
  useEffect(() => {
    if (!isStarting) return;
    const timer = setInterval(retry, STARTING_MS);
    return () => clearInterval(timer);
  }, [isStarting, retry]);
  const value = useMemo(() => ({ reply, problem, retry }), [reply, problem, retry]);
  return <ModelsContext value={value}>{children}</ModelsContext>;
}

export function useModels(): Models {
  const models = use(ModelsContext);
  if (models === null) throw new Error('useModels needs a ModelsProvider');
  return models;
}
