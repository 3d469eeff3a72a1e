import { paths, type Worker, type WorkerList, workerListSchema } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import type { ListedWorker } from '../../http/services.ts';

const schema = {
  operationId: 'listWorkers',
  tags: ['admin'],
  summary: 'The processes that draw',
  security: needsKey,
  response: {
    200: jsonReply('The workers', workerListSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors),
  },
} as const;

/** GET /api/admin/workers */
export function workersRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.workers,
    { schema, onRequest: gate.key('admin') },
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
    started_at: worker.startedAt.toISOString(),
    seen_at: worker.seenAt.toISOString(),
  };
}

/** One that makes its first picture, to see whether it can, has no time for others either. */
function stateOf({ isLost, state }: ListedWorker): Worker['state'] {
  if (isLost) return 'lost';
  return state === 'idle' ? 'idle' : 'busy';
}
