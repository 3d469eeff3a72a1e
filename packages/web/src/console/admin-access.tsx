import { EaselClient, EaselError } from '@easel/client';
import { createContext, use } from 'react';
import { messageOf } from '../format/message-of.ts';

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

/** Why these may not rule the server; null when they may. @throws whatever keeps the server from saying so */
export async function refusalOf({ client, key }: AdminAccess, signal: AbortSignal): Promise<string | null> {
  try {
    await client.admin.queue({ signal });
    return null;
  } catch (error) {
    if (!(error instanceof EaselError)) throw error;
    if (error.status === 401) return 'The server does not know this key. It may have been revoked.';
    if (error.status !== 403) throw new Error(messageOf(error), { cause: error });
    return key === null ? '' : 'The server knows this key, but it is not an administrator’s.';
  }
}
