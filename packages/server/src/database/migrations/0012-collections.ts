import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Collections of pictures, and what finds imported pictures again: the same file by its hash, and how much an account has imported.
 *
 * Pictures are marked as deleted long before their rows go, by processes of the release before too, so a trigger takes them out of collections.
 */
export const collections: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`
      create table easel.collections (
        id uuid primary key,
        account_id uuid not null references easel.accounts on delete cascade,
        name text not null check (name <> ''),
        created_at timestamptz not null,
        unique (account_id, name)
      )
    `.execute(database);
    await sql`
      create table easel.collection_images (
        collection_id uuid not null references easel.collections on delete cascade,
        image_name char(32) not null references easel.job_images on delete cascade,
        added_at timestamptz not null,
        primary key (collection_id, image_name)
      )
    `.execute(database);
    await sql`create index collection_images_of_image on easel.collection_images (image_name)`.execute(database);
    await sql`
      create function easel.leave_collections() returns trigger language plpgsql as $$
      begin
        delete from easel.collection_images where image_name = new.name;
        return null;
      end $$
    `.execute(database);
    await sql`
      create trigger leaves_collections after update of deleted_at on easel.job_images
        for each row when (new.deleted_at is not null) execute function easel.leave_collections()
    `.execute(database);
    await sql`create index job_images_by_hash on easel.job_images (sha256) where deleted_at is null`.execute(database);
    await sql`create index jobs_imported on easel.jobs (account_id) where surface = 'import'`.execute(database);
  },
};
