import {
  type AdminJobPage,
  adminJobListQuerySchema,
  adminJobPageSchema,
  adminJobSchema,
  defaults,
  jobParamsSchema,
  paths,
  type Queue,
  queueSchema,
  type Worker,
  type WorkerList,
  workerListSchema,
} from '@easel/contract';
import { cursorOf, placeOf } from '../../http/paging.ts';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { baseUrl, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import { adminJobReply } from '../../jobs/job-views.ts';
import type { QueueState } from '../../jobs/queue-control.ts';
import type { ListedWorker } from '../../workers/workers-table.ts';

const listSchema = {
  operationId: 'listAllJobs',
  tags: ['admin'],
  summary: 'List the jobs of all accounts, newest first',
  security: needsKey,
  querystring: adminJobListQuerySchema,
  response: {
    200: jsonReply('A page of jobs', adminJobPageSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/admin/jobs */
export function allJobsRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(
    paths.admin.jobs,
    { schema: listSchema, onRequest: gate.key('admin') },
    async (request): Promise<AdminJobPage> => {
      const { account_id, status, cursor, limit = defaults.pageLength } = request.query;
      const before = placeOf(cursor, isId) ?? undefined;
      const page = await services.jobs.list({
        accountId: account_id,
        states: status === undefined ? undefined : [status],
        before,
        limit,
      });
      const base = baseUrl(request, options.publicUrl);
      return { jobs: page.jobs.map((view) => adminJobReply(view, base)), next_cursor: cursorOf(page.next) };
    },
  );
}

const cancelSchema = {
  operationId: 'cancelAnyJob',
  tags: ['admin'],
  summary: 'Cancel a queued or running job of any account; it is not charged',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job after the request', adminJobSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/admin/jobs/:id */
export function cancelAnyJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.delete(paths.admin.anyJob, { schema: cancelSchema, onRequest: gate.key('admin') }, async (request) => {
    const { id } = await services.cancelJob(null, request.params.id);
    return adminJobReply(await services.jobs.get(null, id), baseUrl(request, options.publicUrl));
  });
}

const schemaFor = (operationId: string, summary: string) =>
  ({
    operationId,
    tags: ['admin'],
    summary,
    security: needsKey,
    response: {
      200: jsonReply('The state of the queue', queueSchema, callerHeaders),
      ...errorReplies(problems, ...keyErrors),
    },
  }) as const;

/** GET /api/admin/queue, POST /api/admin/queue/pause and /api/admin/queue/resume */
export function queueRoutes(app: HttpApp, { services: { queue }, gate }: RouteContext): void {
  const onRequest = gate.key('admin');
  const get = schemaFor('getQueue', 'Get the state of the queue');
  const pause = schemaFor('pauseQueue', 'Pause the queue: running jobs finish, queued jobs wait');
  const resume = schemaFor('resumeQueue', 'Resume the queue');
  app.get(paths.admin.queue, { schema: get, onRequest }, async () => queueReply(await queue.state()));
  app.post(paths.admin.pauseQueue, { schema: pause, onRequest }, async () => queueReply(await queue.pause()));
  app.post(paths.admin.resumeQueue, { schema: resume, onRequest }, async () => queueReply(await queue.resume()));
}

function queueReply({ isPaused, queued, running, capacity }: QueueState): Queue {
  return { state: isPaused ? 'paused' : 'running', queued, running, capacity };
}

const workersSchema = {
  operationId: 'listWorkers',
  tags: ['admin'],
  summary: 'List workers',
  security: needsKey,
  response: {
    200: jsonReply('The workers', workerListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

/** GET /api/admin/workers */
export function workersRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.workers,
    { schema: workersSchema, onRequest: gate.key('admin') },
    async (): Promise<WorkerList> => ({ workers: (await services.workers()).map(workerReply) }),
  );
}

function workerReply(worker: ListedWorker): Worker {
  return {
    id: worker.id,
    name: `${worker.hostname}:${worker.pid}`,
    models: [...worker.models],
    state: stateOf(worker),
    job_id: worker.runningJob,
    problem: worker.problem,
    memory: [...worker.modelMemory].map(([model, bytes]) => ({ model, bytes })),
    engines: [...worker.engines],
    started_at: worker.startedAt.toISOString(),
    seen_at: worker.seenAt.toISOString(),
  };
}

/** One that makes its first picture, to see whether it can, has no time for others either. */
function stateOf({ isLost, state }: ListedWorker): Worker['state'] {
  if (isLost) return 'lost';
  return state === 'idle' ? 'idle' : 'busy';
}
