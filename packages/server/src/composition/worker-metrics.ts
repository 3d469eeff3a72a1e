import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { paths } from '@easel/contract';
import type { Metrics } from '../observability/metrics.ts';
import { recent } from '../surfaces/health/recent.ts';
import { listening, urlOf } from './listen.ts';

export interface WorkerMetrics {
  /** Of `/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Place {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * Answers `GET /metrics` and `GET /healthz` for a worker, which has no other address: what a job has cost and how long it took is counted
 * by the process that ran it. Without a key, as the server's.
 *
 * @throws StartupError for an address that it cannot listen on
 */
export async function serveWorkerMetrics(
  place: Place,
  metrics: Pick<Metrics, 'text' | 'contentType'>,
): Promise<WorkerMetrics> {
  const textOfMetrics = recent(() => metrics.text());
  const server = createServer((request, reply) => {
    answer(request, reply, { textOfMetrics, contentType: metrics.contentType }).catch(() => end(reply, 500));
  });
  await listening(place, 'worker.metricsPort', () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(place, resolve);
    return promise;
  });
  return {
    url: `${urlOf(place.host, server.address())}${paths.metrics}`,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      return promise;
    },
  };
}

interface Answers {
  readonly textOfMetrics: () => Promise<string>;
  readonly contentType: string;
}

async function answer(request: IncomingMessage, reply: ServerResponse, answers: Answers): Promise<void> {
  request.resume();
  const { pathname } = URL.parse(request.url ?? '', 'http://localhost') ?? {};
  if (pathname !== paths.metrics && pathname !== paths.health) return end(reply, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(reply.setHeader('allow', 'GET, HEAD'), 405);
  if (pathname === paths.health)
    return end(reply.setHeader('content-type', 'application/json'), 200, '{"status":"ok"}');
  const text = await answers.textOfMetrics();
  end(reply.setHeader('content-type', answers.contentType), 200, text);
}

function end(reply: ServerResponse, status: number, text = ''): void {
  reply.statusCode = status;
  reply.end(text);
}
