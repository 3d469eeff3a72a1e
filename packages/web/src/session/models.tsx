import type { Model } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useMemo } from 'react';
import { useSession } from './session.tsx';
import { type Loaded, useLoaded } from './use-loaded.ts';

type Models = Loaded<readonly Model[]>;
const Context = createContext<Models | null>(null);

/** Asks for the server's models once for all views. */
export function ModelsProvider({ children }: { readonly children: ReactNode }) {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply, problem, again } = useLoaded(ask);
  const value = useMemo(() => ({ reply, problem, again }), [reply, problem, again]);
  return <Context value={value}>{children}</Context>;
}

export function useModels(): Models {
  const models = use(Context);
  if (models === null) throw new Error('there are no models around this');
  return models;
}
