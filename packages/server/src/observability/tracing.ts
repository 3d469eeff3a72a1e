import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@easel/errors';
import { StartupError } from '../startup-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which span of which trace: W3C Trace Context, Level 1. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether the caller records it. */
  readonly isSampled: boolean;
}

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What took from one moment to another. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'consumer';
  /** What it is a part of; null: it begins a trace. */
  readonly parent: TraceContext | null;
  /** Its own identity, where that had to be known before its end. */
  readonly context?: TraceContext;
  readonly start: Date;
  readonly end: Date;
  readonly attributes?: Attributes;
  /** What it failed with; absent: it did not. */
  readonly error?: unknown;
}

/** Records spans. */
export interface Tracer {
  readonly isEnabled: boolean;
  record(span: FinishedSpan): void;
  /** Sends what is recorded, and records nothing more. */
  close(): Promise<void>;
}

/** Where there is nowhere to send spans to. */
export const noTracer: Tracer = { isEnabled: false, record() {}, async close() {} };

/** The context of a header `traceparent`, or null for one that is absent or not valid (Trace Context §3.2). */
export function parseTraceparent(text: string | null | undefined): TraceContext | null {
  const parts =
    /^(?<version>[0-9a-f]{2})-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/.exec(
      text?.trim() ?? '',
    )?.groups;
  const { version = 'ff', trace = '', span = '', flags = '', more } = parts ?? {};
  const isValid =
    version !== 'ff' && !/^0+$/.test(trace) && !/^0+$/.test(span) && (version !== '00' || more === undefined);
  if (parts === undefined || !isValid) return null;
  return { traceId: trace, spanId: span, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** A new span below another one, or of a new trace. */
export function newContext(parent: TraceContext | null): TraceContext {
  return {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    isSampled: parent?.isSampled ?? true,
  };
}

/** Runs the work as a span below the parent. Without a parent that is recorded there is no span. @throws what the work throws */
export async function traced<Result>(
  tracer: Tracer,
  { name, parent, attributes }: Pick<FinishedSpan, 'name' | 'parent' | 'attributes'>,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!tracer.isEnabled || parent?.isSampled !== true) return work();
  const start = new Date();
  const end = (error?: unknown) =>
    tracer.record({
      name,
      parent,
      start,
      end: new Date(),
      ...(attributes && { attributes }),
      ...(error !== undefined && { error }),
    });
  try {
    const result = await work();
    end();
    return result;
  } catch (error) {
    end(error);
    throw error;
  }
}

export interface TracerOptions {
  readonly env: Environment;
  readonly version: string;
  /** Told of the first batch of a row that could not be sent. */
  readonly onError: (message: string) => void;
}

const FLUSH_MS = 1000;
const SEND_MS = 10_000;
/** Of spans: what is recorded while nothing can be sent is dropped beyond it. */
const MOST_KEPT = 4096;
const BATCH = 512;

/**
 * A tracer that sends spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, as OTLP over HTTP in JSON, which collectors take on the same
 * port as protobuf; none without that variable. See OpenTelemetry's "OTLP Specification" and "Environment Variable Specification".
 *
 * @throws StartupError `settings_invalid` for an address that is none
 */
export function createTracer({ env, version, onError }: TracerOptions): Tracer {
  const address = endpointOf(env);
  if (address === null || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return noTracer;
  return new OtlpTracer(address, { env, version, onError });
}

function endpointOf(env: Environment): URL | null {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (own) return addressOf('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', own);
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base ? addressOf('OTEL_EXPORTER_OTLP_ENDPOINT', `${base.replace(/\/+$/, '')}/v1/traces`) : null;
}

function addressOf(name: string, text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.username !== '' || url.password !== ''))
    throw new StartupError('settings_invalid', `${name} must not have a user name or a password in it`, {
      remedy: 'send them as a header: OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20…',
    });
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new StartupError('settings_invalid', `${name} is not an address`, {
    remedy: 'it must be one such as http://127.0.0.1:4318',
  });
}

class OtlpTracer implements Tracer {
  readonly isEnabled = true;
  readonly #address: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #resource: object;
  readonly #scope: object;
  readonly #onError: (message: string) => void;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #spans: object[] = [];
  #isFailing = false;

  constructor(address: URL, { env, version, onError }: TracerOptions) {
    this.#address = address;
    const headers = env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? env.OTEL_EXPORTER_OTLP_HEADERS;
    this.#headers = { ...pairsOf(headers), 'content-type': 'application/json' };
    this.#resource = {
      attributes: attributesOf({
        ...pairsOf(env.OTEL_RESOURCE_ATTRIBUTES),
        'service.name': env.OTEL_SERVICE_NAME || pairsOf(env.OTEL_RESOURCE_ATTRIBUTES)['service.name'] || 'easel',
        'service.version': version,
        'process.pid': process.pid,
      }),
    };
    this.#scope = { name: 'easel', version };
    this.#onError = onError;
    this.#running = this.#keepSending();
  }

  record({
    name,
    kind = 'internal',
    parent,
    context = newContext(parent),
    start,
    end,
    attributes = {},
    error,
  }: FinishedSpan): void {
    if (!context.isSampled || this.#spans.length >= MOST_KEPT || this.#closing.signal.aborted) return;
    this.#spans.push({
      traceId: context.traceId,
      spanId: context.spanId,
      ...(parent !== null && { parentSpanId: parent.spanId }),
      name,
      kind: kinds[kind],
      startTimeUnixNano: nanoseconds(start),
      endTimeUnixNano: nanoseconds(end),
      attributes: attributesOf(attributes),
      status: error === undefined ? {} : { code: ERROR, message: messageOf(error) },
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#send();
  }

  async #keepSending(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(FLUSH_MS, undefined, { signal, ref: false }).catch(() => {});
      await this.#send();
    }
  }

  /** Once until it works again. */
  #report(problem: string): void {
    if (!this.#isFailing) this.#onError(problem);
    this.#isFailing = true;
  }

  async #send(): Promise<void> {
    while (this.#spans.length > 0) {
      const spans = this.#spans.slice(0, BATCH);
      const resourceSpans = [{ resource: this.#resource, scopeSpans: [{ scope: this.#scope, spans }] }];
      try {
        const reply = await fetch(this.#address, {
          method: 'POST',
          headers: this.#headers,
          body: JSON.stringify({ resourceSpans }),
          signal: AbortSignal.timeout(SEND_MS),
        });
        await reply.body?.cancel();
        if (mayRetry.has(reply.status)) throw new Error(`the collector answered ${reply.status}`);
        if (reply.ok) this.#isFailing = false;
        else this.#report(`the collector refused spans with ${reply.status}; they are dropped`);
      } catch (error) {
        // Its cause says more than "fetch failed".
        this.#report(messageOf(error instanceof Error && error.cause ? error.cause : error));
        if (!this.#closing.signal.aborted) return; // kept, and sent again
      }
      this.#spans = this.#spans.slice(spans.length);
    }
  }
}

/** After which a client may send the same again (OTLP specification, "Retryable Response Codes"). */
const mayRetry: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** SpanKind and StatusCode (opentelemetry-proto, trace.proto). */
const kinds = { internal: 1, server: 2, consumer: 5 } as const;
const ERROR = 2;

function nanoseconds(moment: Date): string {
  return `${BigInt(moment.getTime()) * 1_000_000n}`;
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValueOf(value) }],
  );
}

function anyValueOf(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** `name=value,name=value`, percent-encoded (W3C Baggage), as OpenTelemetry's variables have them. */
function pairsOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const [name = '', value] = pair.split('=', 2).map((part) => decode(part.trim()));
    return name === '' || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
