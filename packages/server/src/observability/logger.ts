import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** What must not reach a log even when somebody logs a whole request: pino replaces it before anything is written. */
const redacted = [
  'headers.authorization',
  'headers["x-api-key"]',
  'headers.cookie',
  '*.headers.authorization',
  '*.headers["x-api-key"]',
  '*.headers.cookie',
  'key',
  '*.key',
  'password',
  '*.password',
  'databaseUrl',
  '*.databaseUrl',
];

/** PostgreSQL quotes in these what it was given, which may be a prompt. */
const quoting: readonly string[] = ['detail', 'where', 'internalQuery', 'query', 'parameters'];

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const described = Object.entries(pino.stdSerializers.err(error));
  return Object.fromEntries(described.filter(([name]) => !quoting.includes(name)));
}

/** Structured log: one JSON object a line, on standard error unless a destination is given, with the time as ISO 8601. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: { paths: redacted, censor: '(hidden)' },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}
