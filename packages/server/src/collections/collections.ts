import { type Collection, limits } from '@easel/contract';
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { lockAccount } from '../keys/accounts.ts';

export interface CollectionChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Pictures that accounts have put together. A picture leaves them when it is deleted or expires: the database sees to it. */
export class CollectionService {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** The oldest first. */
  list(accountId: string): Promise<readonly Collection[]> {
    return this.#database.transaction((queries) => selectCollections(queries, accountId));
  }

  /** @throws DomainError `conflict` for a name that the account has, `invalid_request` for one collection too many */
  create(accountId: string, name: string): Promise<Collection> {
    const now = this.#clock.now();
    return this.#database.transaction(async (queries) => {
      await lockAccount(queries, accountId);
      const existing = await namesOf(queries, accountId);
      requireFreeName(existing, name);
      const { max } = limits.collections;
      if (existing.length >= max) {
        const message = `an account can have ${max} collections`;
        throw new DomainError('invalid_request', message, { remedy: 'delete one first', param: 'name' });
      }
      const id = newId(now.getTime());
      await queries.insertInto('collections').values({ id, account_id: accountId, name, created_at: now }).execute();
      return { id, name, created_at: now.toISOString(), pictures: 0, cover: null };
    });
  }

  /** @throws DomainError `not_found`, or `conflict` for the name of another one */
  rename(accountId: string, id: string, name: string): Promise<Collection> {
    return this.#database.transaction(async (queries) => {
      await lockAccount(queries, accountId);
      const existing = await namesOf(queries, accountId);
      requireFreeName(
        existing.filter((each) => each.id !== id),
        name,
      );
      await queries
        .updateTable('collections')
        .set({ name })
        .where('account_id', '=', accountId)
        .where('id', '=', id)
        .execute();
      return requireOne(await selectCollections(queries, accountId, id), id);
    });
  }

  /** Its pictures stay. @throws DomainError `not_found` */
  async remove(accountId: string, id: string): Promise<void> {
    const { numDeletedRows } = await this.#database.transaction((queries) =>
      queries.deleteFrom('collections').where('account_id', '=', accountId).where('id', '=', id).executeTakeFirst(),
    );
    if (numDeletedRows === 0n) throw noCollection(id);
  }

  /**
   * Adds and removes pictures, all of them or none.
   *
   * @throws DomainError `not_found` for another's collection or picture, `invalid_request` for too many
   */
  change(accountId: string, id: string, { add, remove }: CollectionChanges): Promise<Collection> {
    const now = this.#clock.now();
    return this.#database.transaction(async (queries) => {
      await lockCollection(queries, accountId, id);
      await requireOwnImages(queries, accountId, add);
      if (remove.length > 0) {
        await queries
          .deleteFrom('collection_images')
          .where('collection_id', '=', id)
          .where(sql<boolean>`image_name = any(${[...remove]}::char(32)[])`)
          .execute();
      }
      if (add.length > 0) {
        await queries
          .insertInto('collection_images')
          .values([...new Set(add)].map((name) => ({ collection_id: id, image_name: name, added_at: now })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      const changed = requireOne(await selectCollections(queries, accountId, id), id);
      const { max } = limits.collectedPictures;
      if (changed.pictures <= max) return changed;
      const message = `a collection can have ${max} pictures`;
      throw new DomainError('invalid_request', message, { remedy: 'begin another one', param: 'add' });
    });
  }
}

/** @throws DomainError `not_found` for a collection that the account does not have */
export async function requireCollection(queries: Queries, accountId: string, id: string): Promise<void> {
  const query = queries.selectFrom('collections').select('id').where('account_id', '=', accountId).where('id', '=', id);
  if ((await query.executeTakeFirst()) === undefined) throw noCollection(id);
}

/** Which pictures of these jobs a collection has. */
export async function collectedImages(
  queries: Queries,
  id: string,
  jobIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (jobIds.length === 0) return new Set();
  const rows = await queries
    .selectFrom('collection_images')
    .innerJoin('job_images', 'job_images.name', 'collection_images.image_name')
    .select('image_name')
    .where('collection_id', '=', id)
    .where('job_id', 'in', jobIds)
    .execute();
  return new Set(rows.map(({ image_name: name }) => name));
}

/** Not the account's: its submissions would wait. @throws DomainError `not_found` */
async function lockCollection(queries: Queries, accountId: string, id: string): Promise<void> {
  const query = queries.selectFrom('collections').select('id').where('account_id', '=', accountId).where('id', '=', id);
  if ((await query.forNoKeyUpdate().executeTakeFirst()) === undefined) throw noCollection(id);
}

function namesOf(queries: Queries, accountId: string): Promise<Pick<Collection, 'id' | 'name'>[]> {
  return queries.selectFrom('collections').select(['id', 'name']).where('account_id', '=', accountId).execute();
}

/** @param id only this one; absent: all */
async function selectCollections(queries: Queries, accountId: string, id?: string): Promise<Collection[]> {
  const rows = await queries
    .selectFrom('collections')
    .leftJoin('collection_images', 'collection_images.collection_id', 'collections.id')
    .select(['id', 'name', 'created_at'])
    .select([
      sql<number>`count(image_name)::integer`.as('pictures'),
      sql<string | null>`(array_agg(image_name order by added_at desc, image_name))[1]`.as('cover'),
    ])
    .where('account_id', '=', accountId)
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .groupBy('id')
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(({ created_at: createdAt, ...row }) => ({ ...row, created_at: createdAt.toISOString() }));
}

/** Locks them, so that none is deleted before it is in the collection. @throws DomainError `not_found` */
async function requireOwnImages(queries: Queries, accountId: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const rows = await queries
    .selectFrom('job_images')
    .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
    .select('name')
    .where(sql<boolean>`name = any(${[...names]}::char(32)[])`)
    .where('jobs.account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .forShare('job_images')
    .execute();
  const own = new Set(rows.map(({ name }) => name));
  const missing = names.find((name) => !own.has(name));
  if (missing === undefined) return;
  const message = `there is no picture ${missing}, or it is no longer kept`;
  throw new DomainError('not_found', message, { param: 'add' });
}

function requireOne(collections: readonly Collection[], id: string): Collection {
  const found = collections.find((each) => each.id === id);
  if (found === undefined) throw noCollection(id);
  return found;
}

function requireFreeName(collections: readonly Pick<Collection, 'id' | 'name'>[], name: string): void {
  if (collections.every((each) => each.name !== name)) return;
  const message = `there is a collection ${JSON.stringify(name)} already`;
  throw new DomainError('conflict', message, { remedy: 'choose another name', param: 'name' });
}

function noCollection(id: string): DomainError {
  return new DomainError('not_found', `there is no collection ${id}`);
}
