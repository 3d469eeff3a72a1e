import { type Static, Type } from 'typebox';
import { limits } from '../limits.ts';
import { instant, uuid } from '../schema/common-fields.ts';
import { closedObject, count, matching, nullable, openObject, textOf } from '../schema/define.ts';

const name = textOf(limits.collectionName, { description: 'The name of the collection', examples: ['Posters'] });

const imageName = matching('imageName', {
  description: 'The name of a picture',
  examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8'],
});

const imageNames = (description: string) =>
  Type.Array(imageName, {
    description,
    maxItems: limits.picturesAtOnce.max,
    examples: [['3f0b6f1c2d4e5a60718293a4b5c6d7e8']],
  });

export const collectionSchema = openObject(
  {
    id: uuid("The collection's id"),
    name,
    created_at: instant('When it was created'),
    pictures: count({ description: 'How many pictures it has that are still kept', examples: [12] }),
    cover: nullable(imageName, {
      description: 'The picture that was added last; null: it has none',
      examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8', null],
    }),
  },
  { title: 'Collection', description: 'Pictures that their owner put together under a name' },
);

export const collectionListSchema = openObject(
  { collections: Type.Array(collectionSchema, { description: 'The oldest first' }) },
  { title: 'CollectionList', description: 'The collections of the account' },
);

/** Of every address with a collection in it. */
export const collectionParamsSchema = closedObject(
  { id: uuid("The collection's id") },
  { title: 'CollectionParams', description: 'Which collection' },
);

/** The body of POST /api/collections and of PATCH /api/collections/:id. */
export const collectionNameSchema = closedObject(
  { name },
  { title: 'CollectionName', description: 'What the collection is called; names are unique within an account' },
);

/** The body of POST /api/collections/:id/pictures. */
export const collectionChangeSchema = closedObject(
  {
    add: Type.Optional(imageNames('Pictures of your own that it is to have; one that it has already stays')),
    remove: Type.Optional(imageNames('Pictures that it is no longer to have; they are not deleted')),
  },
  { title: 'CollectionChange', description: 'What is added to a collection and removed from it' },
);

export type Collection = Static<typeof collectionSchema>;
export type CollectionList = Static<typeof collectionListSchema>;
export type CollectionParams = Static<typeof collectionParamsSchema>;
export type CollectionName = Static<typeof collectionNameSchema>;
export type CollectionChange = Static<typeof collectionChangeSchema>;

/** The body of POST /api/images.zip. */
export const archiveCreateSchema = closedObject(
  {
    images: Type.Array(imageName, {
      description: 'The pictures, which must be your own; each once',
      minItems: limits.picturesAtOnce.min,
      maxItems: limits.picturesAtOnce.max,
      examples: [['3f0b6f1c2d4e5a60718293a4b5c6d7e8']],
    }),
  },
  { title: 'ArchiveCreate', description: 'What a ZIP file is made of' },
);

export type ArchiveCreate = Static<typeof archiveCreateSchema>;
