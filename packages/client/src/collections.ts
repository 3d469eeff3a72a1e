import type { Collection, CollectionChange, CollectionList } from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions } from './call.ts';
import type { Transport } from './transport.ts';

/** The collections of the key's account: pictures put together under a name. `jobs.list({ collection })` lists what one has. */
export class Collections {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The oldest first. */
  list({ signal }: CallOptions = {}): Promise<CollectionList> {
    return this.#transport.json(paths.collections, { signal });
  }

  /** @throws EaselError `conflict` if the account has one of that name */
  create(name: string, { signal }: CallOptions = {}): Promise<Collection> {
    return this.#transport.json(paths.collections, { method: 'POST', body: { name }, signal });
  }

  /** @throws EaselError `conflict` if the account has another of that name */
  rename(id: string, name: string, { signal }: CallOptions = {}): Promise<Collection> {
    return this.#transport.json(paths.collection, { method: 'PATCH', parts: { id }, body: { name }, signal });
  }

  /** Adds pictures and removes others, at most 1,000 each. */
  change(id: string, body: CollectionChange, { signal }: CallOptions = {}): Promise<Collection> {
    return this.#transport.json(paths.collectionPictures, { method: 'POST', parts: { id }, body, signal });
  }

  /** Deletes the collection; its pictures stay. */
  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.collection, { method: 'DELETE', parts: { id }, signal });
    await reply.body?.cancel();
  }
}
