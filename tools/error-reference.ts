// Writes docs/errors.md, the list of every error code, from the catalogues of the packages. A code without a line here does not compile.
//
//   npm run docs:errors
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ErrorCode, errorCatalogue, isErrorCode, openaiErrorType } from '@easel/contract';
import type { EngineErrorCode } from '@easel/engine';
import type { StartupErrorCode } from '@easel/server';
import { type CliErrorCode, statusOf } from '../packages/cli/src/cli-error.ts';
import { exitStatus } from '../packages/cli/src/exit-status.ts';
import { statusOfKind, statusOfStartup } from '../packages/cli/src/failure.ts';
import { catalogue } from '../packages/engine/src/errors.ts';

/** What to do about an answer of the API. */
const requests: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'Correct the field that `param` names; the message says what was sent and what is allowed',
  unauthorized: 'Send a key in `x-api-key` or as `Authorization: Bearer KEY`; it may be mistyped, expired or revoked',
  forbidden: 'Use a key that may do this: an admin key, or one for this model',
  not_found: 'Check the address, the id, and that the key is of the same account; old pictures and jobs are deleted',
  method_not_allowed: 'Use one of the methods in the header `Allow`',
  insufficient_credits: 'Add credits (`easel credits grant`) or raise the budget of the key; nothing was started',
  invalid_content_type: 'Send JSON as `application/json`, or a form as `multipart/form-data`',
  idempotency_mismatch: 'Use a new `Idempotency-Key` for another body',
  conflict: 'Read the present state and decide again',
  request_timeout: 'Send the body faster, or a smaller one',
  body_too_large: 'Send a smaller picture; the server sets the limit',
  unsupported_encoding: 'Send the body as it is, or with `Content-Encoding: gzip`',
  content_rejected: "The operator's review refused the picture: change the prompt. Nothing was charged",
  cancelled:
    'Somebody cancelled the job, or its client went away. Nothing was charged; send it again if it is still wanted',
  rate_limited: 'Wait as long as `Retry-After` says',
  server_error: 'Send it again; nothing was charged. If it stays, the log has more under `x-request-id`',
  overloaded: 'Wait as long as `Retry-After` says: the queue is full, the database is away, or the server restarts',
};

const engine: Readonly<Record<EngineErrorCode, string>> = {
  invalid_request: 'Correct the field that `details.param` names',
  model_not_found: 'Check path or name; `easel model inspect` tells which are known',
  model_file_missing: 'Download the file that `details.file` names, too',
  model_config_invalid: 'Download the configuration file again; somebody may have edited it',
  model_unsupported: 'Use a model of this architecture: the message says what differs',
  weights_corrupt: 'Download the file again: it is damaged or not complete',
  tensor_missing: 'The file lacks a weight: it is not complete, or of another architecture',
  tensor_shape: 'A weight has another shape than the configuration says: the files are not of one model',
  tensor_dtype: 'A weight has a number format that is not supported: use half or full precision',
  image_unreadable:
    'Use a picture in a format that is read (PNG, JPEG, WebP, GIF, TIFF, AVIF), whole and not too large',
  picture_not_finite: 'The model computed no numbers: its weights are damaged, or not for half precision',
  out_of_memory: 'Make a smaller picture, or give the machine more memory',
  inference_failed: 'Please report it, with the whole message',
  engine_crashed:
    "The engine's process ended during the call, and starts again with the next one; often there was too little memory",
  engine_hung: "The engine's process did not move and was ended; the next call gets a new one",
  engine_closed: 'The model was closed; load it again',
  cancelled: 'The signal of the call was aborted',
  internal: 'Please report it, with the whole message',
};

const startup: Readonly<Record<StartupErrorCode, string>> = {
  settings_invalid: 'Correct the setting that is named; `easel config` prints all of them',
  data_folder_unusable: 'Use another folder, or give the account of the server the right to write there',
  data_folder_in_use: 'Stop the other server of this folder, or use another folder',
  address_in_use: 'Use another `--port`, or stop what listens there',
  database_unavailable: 'Start the database, check `DATABASE_URL`, or read the log that is named',
  database_newer: 'A newer Easel has changed the database: run that version, or restore a backup',
  no_server_yet: 'Start `easel serve` on this folder or database first',
  secret_damaged: 'Restore the file `secret` of the data folder from a backup',
};

const command: Readonly<Record<CliErrorCode, string>> = {
  usage: '`easel COMMAND --help` lists what it takes',
  prompt_empty: 'Write a prompt into the file or the pipe, or give it as an argument',
  prompt_unreadable: 'Check the path; the file must be UTF-8',
  image_unreadable: 'Check the path and the rights of the file',
  output_exists: 'Choose another name, or `--overwrite`',
  output_unwritable: 'Choose a folder that can be written',
  disk_full: 'Make room, or choose another disk',
  page_not_built: 'Run `npm ci` in the clone; the message has the words of the build',
  key_missing: 'Set `EASEL_API_KEY` or `EASEL_ADMIN_KEY`, or give a file with the key',
  not_found: 'Check the name; the list command shows what there is',
  stopped: 'It was interrupted; what was finished is saved',
};

type Cells = readonly (string | number)[];

/** @param describe the columns between the code and what to do */
function table<Entry>(
  columns: readonly string[],
  catalogued: Readonly<Record<string, Entry>>,
  remedies: Readonly<Record<string, string>>,
  describe: (entry: Entry, code: string) => Cells,
): string {
  const head = ['code', ...columns, 'what to do'];
  const rows = Object.entries(catalogued).map(([code, entry]) => [
    `\`${code}\``,
    ...describe(entry, code),
    remedies[code] ?? '',
  ]);
  const line = (cells: Cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The page, whole. */
export function errorReference(): string {
  return `<!-- Generated by \`npm run docs:errors\`; do not edit. -->

# Errors

Every error has a code, which stays, and a message for people, which says what was sent, what is allowed and what to do.

## The API

On the Segmind surface the body is \`{ "error": message, "code": … }\`, on OpenAI's \`{ "error": { "message", "type", "code" } }\`, on \`/api\` a problem of RFC 9457.
Only a 200 is charged. \`@easel/client\` throws these as \`EaselError\`, and the end of a job as \`EaselJobError\`.

${table(['status', 'means', "OpenAI's type"], errorCatalogue, requests, ({ status, title }, code) => [status, title, isErrorCode(code) ? openaiErrorType(code) : ''])}

## The engine

\`EngineError.code\` of \`@easel/engine\`, and the exit status of \`easel generate\`. The API answers those of kind \`invalid\` with \`invalid_request\` and all others
with \`server_error\`.

${table(['kind', 'exit status'], catalogue, engine, (kind) => [kind, statusOfKind[kind]])}

## The start of a server

${table(['exit status'], statusOfStartup, startup, (status) => [status])}

## The command line

Besides those above; \`--json\` prints them as \`{ "error": { "code", "message", "exitStatus" } }\`. What a server refuses exits with ${exitStatus.server}.

${table(['exit status'], statusOf, command, (status) => [status])}
`;
}

if (import.meta.main) writeFileSync(join(resolve(import.meta.dirname, '..'), 'docs/errors.md'), errorReference());
