import type { Static } from 'typebox';
import { choice, count, openObject } from '../../schema/define.ts';

/** GET /api/admin/queue, and the replies of pause and resume. */
export const queueSchema = openObject(
  {
    state: choice(['running', 'paused'], {
      description: 'Paused: jobs are taken and wait; those that run go on',
      examples: ['running'],
    }),
    queued: count({ description: 'Jobs that wait', examples: [3] }),
    running: count({ description: 'Jobs that run', examples: [1] }),
    capacity: count({ description: 'Jobs that may wait before requests are refused', examples: [100] }),
  },
  { title: 'Queue', description: 'The queue of all accounts' },
);

export type Queue = Static<typeof queueSchema>;
