import { type Static, Type } from 'typebox';
import { cursorParam, limitParam, nextCursor, uuid } from '../../schema/common-fields.ts';
import { choice, closedObject, nullable, openObject } from '../../schema/define.ts';
import { jobSchema, jobStatuses } from '../job.ts';

export const adminJobListQuerySchema = closedObject(
  {
    cursor: Type.Optional(cursorParam),
    limit: Type.Optional(limitParam),
    account_id: Type.Optional(uuid('Of this account only')),
    status: Type.Optional(choice(jobStatuses, { description: 'In this state only', examples: ['running'] })),
  },
  { title: 'AdminJobListQuery', description: 'Which of all jobs, newest first' },
);

export const adminJobSchema = openObject(
  {
    ...jobSchema.properties,
    account_id: uuid('Whose job it is'),
    key_id: nullable(uuid('The key it was sent with'), {
      description: 'The key it was sent with; null when the job came by none',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
  },
  { title: 'AdminJob', description: 'A job and whose it is' },
);

export const adminJobPageSchema = openObject(
  {
    jobs: Type.Array(adminJobSchema, { description: 'Newest first' }),
    next_cursor: nextCursor,
  },
  { title: 'AdminJobPage', description: 'A page of the jobs of all accounts' },
);

export type AdminJobListQuery = Static<typeof adminJobListQuerySchema>;
export type AdminJob = Static<typeof adminJobSchema>;
export type AdminJobPage = Static<typeof adminJobPageSchema>;
