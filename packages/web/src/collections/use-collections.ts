import type { Collection } from '@easel/contract';
import { useCallback } from 'react';
import { useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { partsOf } from './many.ts';

/** What one request adds at most. */
const AT_ONCE = 1000;

export type Collections = ReturnType<typeof useCollections>;

/** The collections of the account, the oldest first, and what can be done with them; whatever throws says why not. */
export function useCollections() {
  const { client } = useSession();
  const { reply, problem, retry } = useLoaded(
    useCallback((signal: AbortSignal) => client.collections.list({ signal }), [client]),
  );
  const change = async (id: string, names: readonly string[], kind: 'add' | 'remove') => {
    for (const part of partsOf(names, AT_ONCE)) await client.collections.change(id, { [kind]: part });
    retry();
  };
  return {
    all: reply?.collections ?? [],
    problem,
    retry,
    async create(name: string): Promise<Collection> {
      const created = await client.collections.create(name);
      retry();
      return created;
    },
    async rename(id: string, name: string): Promise<void> {
      await client.collections.rename(id, name);
      retry();
    },
    async remove(id: string): Promise<void> {
      await client.collections.delete(id);
      retry();
    },
    add: (id: string, names: readonly string[]) => change(id, names, 'add'),
    takeOut: (id: string, names: readonly string[]) => change(id, names, 'remove'),
  };
}
