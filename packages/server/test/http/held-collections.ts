import type { HttpServices } from '../../src/http/services.ts';

/** Collections that are listed only after `release`. @param onList called when a list is asked for */
export function heldCollections(own: HttpServices['collections'], onList: (accountId: string) => void) {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const collections: HttpServices['collections'] = {
    async list(accountId) {
      onList(accountId);
      await promise;
      return own.list(accountId);
    },
    create: (accountId, name) => own.create(accountId, name),
    rename: (accountId, id, name) => own.rename(accountId, id, name),
    remove: (accountId, id) => own.remove(accountId, id),
    change: (accountId, id, changes) => own.change(accountId, id, changes),
  };
  return { collections, release };
}
