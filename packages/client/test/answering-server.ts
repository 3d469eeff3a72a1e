import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { type ClientOptions, EaselClient } from '../src/index.ts';

export interface AnsweringServer {
  readonly baseUrl: string;
  /** `METHOD /path` of every request so far. */
  readonly requests: readonly string[];
  readonly client: (options?: Partial<ClientOptions>) => EaselClient;
}

/** A server on a free port that answers as a test says, among other things in ways that no Easel server would; it ends with the test. */
export async function answeringServer(
  answer: (request: IncomingMessage, reply: ServerResponse) => void,
): Promise<AnsweringServer> {
  const requests: string[] = [];
  const server = createServer((request, reply) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => answer(request, reply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const baseUrl = `http://127.0.0.1:${address.port}`;
  const client = (options: Partial<ClientOptions> = {}) => new EaselClient({ baseUrl, apiKey: 'SG_ab', ...options });
  return { baseUrl, requests, client };
}

export function sendJson(reply: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) {
  reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The beginning of a reply, whose connection then breaks off. */
export function breakOff(reply: ServerResponse, contentType: string, beginning: string) {
  reply.writeHead(200, { 'content-type': contentType, 'content-length': '1000' });
  reply.write(beginning, () => reply.destroy());
}

/** A stream of events that the server ends by itself. */
export function sendEvents(reply: ServerResponse, text: string) {
  reply.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
}
