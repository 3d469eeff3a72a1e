import { type Static, Type } from 'typebox';
import { limits } from '../limits.ts';
import { cursorParam, limitParam, nextCursor } from '../schema/common-fields.ts';
import { choice, closedObject, integerIn, matching, openObject, textOf } from '../schema/define.ts';
import { jobSchema, jobStatuses } from './job.ts';

/** GET /api/jobs; the text of a query string goes through `fromText` first. */
export const jobListQuerySchema = closedObject(
  {
    cursor: Type.Optional(cursorParam),
    limit: Type.Optional(limitParam),
    q: Type.Optional(textOf({ min: 1, max: 200 }, { description: 'Words of the prompt', examples: ['apple'] })),
    model: Type.Optional(matching('slug', { description: 'Of this model only', examples: ['playground-v2.5'] })),
    seed: Type.Optional(
      integerIn({ min: 0, max: limits.seed.max }, { description: 'With a picture of this seed only', examples: [42] }),
    ),
    status: Type.Optional(choice(jobStatuses, { description: 'In this state only', examples: ['succeeded'] })),
    size: Type.Optional(matching('size', { description: 'Of this size only', examples: ['1024x1024'] })),
    favourite: Type.Optional(
      Type.Boolean({ description: 'True: favourites only. False: all others', examples: [true] }),
    ),
  },
  { title: 'JobListQuery', description: 'Which of the own jobs, newest first' },
);

export const jobPageSchema = openObject(
  {
    jobs: Type.Array(jobSchema, { description: 'Newest first' }),
    next_cursor: nextCursor,
  },
  { title: 'JobPage', description: 'A page of jobs' },
);

export type JobListQuery = Static<typeof jobListQuerySchema>;
export type JobPage = Static<typeof jobPageSchema>;
