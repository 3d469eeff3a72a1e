import { createServer } from 'node:http';
import { listen } from './listening-server.ts';

export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** The process that recorded it. */
  readonly pid: string;
}

export interface SpanCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  readonly spans: readonly SentSpan[];
  /** Everything that was sent. */
  readonly text: () => string;
}

/** A collector of OpenTelemetry's that keeps the spans it gets until the test is over. @param atEnd takes what ends it, where it outlives one test */
export async function collectSpans(atEnd?: (end: () => Promise<void>) => void): Promise<SpanCollector> {
  const texts: string[] = [];
  const spans: SentSpan[] = [];
  const receiver = createServer(async (request, reply) => {
    const text = (await request.setEncoding('utf8').toArray()).join('');
    texts.push(text);
    for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
      const { value } = resource.attributes.find(({ key }: { key: string }) => key === 'process.pid');
      for (const span of scopeSpans[0].spans) spans.push({ ...span, pid: value.intValue });
    }
    reply.end('{}');
  });
  return { endpoint: await listen(receiver, atEnd), spans, text: () => texts.join('') };
}
