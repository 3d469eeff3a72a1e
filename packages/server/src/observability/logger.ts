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

/** Structured log: one JSON object a line, on standard error unless a destination is given, with the time as ISO 8601. */
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

/** Causes deeper than this say nothing new. */
const MOST_CAUSES = 5;

/**
 * Of an error what the program says, not the data it was about: errors of the database quote rows, and prompts with them, in
 * properties of their own (`detail`, `where`, `internalQuery`).
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
