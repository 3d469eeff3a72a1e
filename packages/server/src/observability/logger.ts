import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Paths that pino censors before it writes a line, in case a whole request is logged. */
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

/** Creates a structured log: one JSON object per line with an ISO 8601 time, on standard error unless a destination is given. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: '(hidden)' },
    serializers: { err: (error: unknown) => errorForLog(error) },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/** Causes are logged to this depth. */
const MOST_CAUSES = 5;

/**
 * Logs only the standard properties of an error: errors of the database quote rows, and prompts with them, in other properties
 * (`detail`, `where`, `internalQuery`).
 */
function errorForLog(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error && { code: error.code }),
    ...('remedy' in error && { remedy: error.remedy }),
    stack,
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: errorForLog(cause, depth + 1) }),
  };
}
