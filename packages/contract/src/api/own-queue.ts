import { type Static, Type } from 'typebox';
import { uuid } from '../schema/common-fields.ts';
import { choice, closedObject, count, openObject } from '../schema/define.ts';

/** POST /api/jobs/cancel. */
export const jobsCancelSchema = closedObject(
  {
    status: Type.Optional(
      choice(['queued', 'running'], { description: 'Only those. Default: both', examples: ['queued'] }),
    ),
  },
  { title: 'JobsCancel', description: 'Which of your unfinished jobs are cancelled' },
);

export const cancelledJobsSchema = openObject(
  { cancelled: count({ description: 'How many were cancelled', examples: [11] }) },
  { title: 'CancelledJobs', description: 'What was cancelled; none of it is charged' },
);

/** POST /api/jobs/:id/move. */
export const jobMoveSchema = closedObject(
  {
    to: Type.Optional(
      choice(['first', 'last'], { description: '`first`: the next of your jobs to start', examples: ['first'] }),
    ),
    before: Type.Optional(uuid('Instead of `to`: the id of the queued job that it is to start before')),
  },
  { title: 'JobMove', description: 'Where a queued job goes among your own of the same model' },
);

export const jobOrderSchema = openObject(
  {
    jobs: Type.Array(uuid("A job's id"), {
      description: 'Your queued jobs of that model, in the order in which they are going to start',
      examples: [['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e']],
    }),
  },
  { title: 'JobOrder', description: 'The new order' },
);

export type JobsCancel = Static<typeof jobsCancelSchema>;
export type CancelledJobs = Static<typeof cancelledJobsSchema>;
export type JobMove = Static<typeof jobMoveSchema>;
export type JobOrder = Static<typeof jobOrderSchema>;
