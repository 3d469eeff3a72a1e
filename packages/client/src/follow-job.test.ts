import { createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { EaselClient } from './client.ts';

test('a connection that falls silent is made again, and goes on after the last event', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, reply) => {
    asked.push(request.headers['last-event-id']?.toString());
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    // The first never says anything again, nor does it end.
    if (asked.length === 1) send(reply, '7', 'started');
    else send(reply, '8', 'cancelled');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = new EaselClient({ baseUrl: `http://127.0.0.1:${port}` });
  const connections: boolean[] = [];
  const events: string[] = [];
  const onConnection = (isConnected: boolean) => void connections.push(isConnected);
  for await (const { event } of client.jobs.events('some-job', { silenceMs: 2000, onConnection })) events.push(event);
  expect(events).toEqual(['started', 'cancelled']);
  expect(asked).toEqual([undefined, '7']);
  expect(connections).toEqual([true, false, true]);
});

function send(reply: ServerResponse, id: string, event: string): void {
  reply.write(`id: ${id}\nevent: ${event}\ndata: {"job": {"id": "some-job"}}\n\n`);
}
