/** Where an error comes from: a request to the API, the engine and a model's files, the start of a server, or the command line. */
export type Area = 'request' | 'engine' | 'start' | 'command';

interface Entry {
  readonly area: Area;
  /** What it means, in a few words. */
  readonly summary: string;
  /** What to do about it, where the place that throws it says nothing more exact. */
  readonly remedy: string;
}

const request = (summary: string, remedy: string) => ({ area: 'request', summary, remedy }) as const;
const engine = (summary: string, remedy: string) => ({ area: 'engine', summary, remedy }) as const;
const start = (summary: string, remedy: string) => ({ area: 'start', summary, remedy }) as const;
const command = (summary: string, remedy: string) => ({ area: 'command', summary, remedy }) as const;

/**
 * Every error of every package. A code stays once it is published, and has one meaning wherever it is thrown. Tables over `Code` say
 * which HTTP status and which exit status it has; docs/errors.md is generated from all three.
 */
export const catalogue = {
  invalid_request: request('Invalid request', 'correct the field that is named'),
  unauthorized: request(
    'Missing or invalid key',
    'send a key in `x-api-key` or as `Authorization: Bearer KEY`; it may be mistyped, expired or revoked',
  ),
  forbidden: request('Not allowed with this key', 'use a key that may do this: an admin key, or one for this model'),
  not_found: request(
    'Not found',
    'check the address, the name or the id, and that the key is of the same account; old pictures and jobs are deleted',
  ),
  method_not_allowed: request('Method not allowed', 'use one of the methods in the header `Allow`'),
  insufficient_credits: request(
    'Insufficient credits',
    'add credits (`easel credits grant`) or raise the budget of the key',
  ),
  invalid_content_type: request(
    'Invalid content type',
    'send JSON as `application/json`, or a form as `multipart/form-data`',
  ),
  idempotency_mismatch: request(
    'Idempotency key used with another body',
    'use a new `Idempotency-Key` for another body',
  ),
  conflict: request('In conflict with the present state', 'read the present state and decide again'),
  request_timeout: request('Request too slow', 'send the body faster, or a smaller one'),
  body_too_large: request('Body too large', 'send a smaller body; the server sets the limit'),
  unsupported_encoding: request(
    'Content encoding not supported',
    'send the body as it is, or with `Content-Encoding: gzip`',
  ),
  content_rejected: request('Picture refused by review', 'change the prompt'),
  cancelled: request('Cancelled', 'send it again if it is still wanted; nothing was charged'),
  rate_limited: request('Too many requests', 'wait as long as `Retry-After` says'),
  server_error: request(
    'Something went wrong on the server',
    "send it again; nothing was charged. If it stays, the server's log has more under the request's id",
  ),
  overloaded: request(
    'Overloaded or restarting; try again later',
    'wait as long as `Retry-After` says: the queue is full, the database is away, or the server restarts',
  ),
  database_lost: request('The connection to the database was lost', 'send the request again later; nothing is lost'),
  storage_unavailable: request(
    'Pictures cannot be stored',
    'free some space in the image folder and check that it is mounted and can be written, or start the object store and check its settings',
  ),

  model_not_found: engine(
    'No such model',
    'check the path or the name; `easel list` shows the models of this machine, `easel pull` downloads one',
  ),
  model_file_missing: engine('A file of the model is missing', 'download the file that is named, too'),
  model_config_invalid: engine(
    'A configuration file of the model is not valid',
    'use the file as it was published with the model',
  ),
  model_unsupported: engine(
    'The model is not supported',
    'use a model of the Playground v2.5 / SDXL architecture in a supported format',
  ),
  weights_corrupt: engine('A weights file is damaged', 'download the file again'),
  tensor_missing: engine(
    'A weight is missing',
    'use all the files of one model: this one is not complete, or of another architecture',
  ),
  tensor_shape: engine(
    'A weight has the wrong shape',
    'use the files of one model: the configuration belongs to another one',
  ),
  tensor_dtype: engine('The number format of a weight is not supported', 'use fp16, bf16, fp32 or fp8 weights'),
  download_failed: engine('A download failed', 'run the command again: it goes on where it stopped'),
  download_refused: engine(
    'The Hub does not give this model',
    'check the name; for a private or gated model accept its terms on the Hub, and set HF_TOKEN',
  ),
  download_corrupt: engine(
    'A download is not what the Hub lists',
    'run the command again; if it stays, something on the way changes files: check HF_ENDPOINT and HTTPS_PROXY',
  ),
  licence_not_accepted: engine(
    "The model's licence was not accepted",
    'read it, then add --accept-license, or `accept_license` in the API',
  ),
  offline: engine('Nothing is downloaded offline', 'unset HF_HUB_OFFLINE'),
  image_unreadable: engine(
    'The picture cannot be read',
    'use a whole picture in a format that is read (PNG, JPEG, WebP, GIF, TIFF, AVIF), not too large',
  ),
  picture_format: engine('The picture file cannot hold parameters', 'use a PNG, JPEG or WebP file that is not damaged'),
  picture_not_finite: engine(
    'The picture has values that are not finite',
    'try another seed; if it stays, download the weights again: they are damaged, or not for half precision',
  ),
  out_of_memory: engine('Out of memory', 'make a smaller picture, or give the machine more memory'),
  device_unavailable: engine(
    'The device that was asked for cannot be used here',
    '`easel doctor` tells which devices this machine has and what the others need; or use `--device auto` or `--device cpu`',
  ),
  device_lost: engine(
    'The graphics card stopped in the middle of the run',
    'try again: the next call restarts the card; if it happens again, update its driver, make a smaller picture, or use `--device cpu`',
  ),
  inference_failed: engine('The inference runtime failed', 'please report it, with the whole message'),
  engine_crashed: engine(
    "The engine's process ended during the call",
    'try again: the next call restarts it; if it happens again, there may be too little memory for this picture',
  ),
  engine_hung: engine(
    "The engine's process hung and was ended",
    'try again: the next call gets a new process; if the machine is only slow, raise passDeadlineMs or make a smaller picture',
  ),
  engine_closed: engine('The model was closed', 'load the model again'),
  internal: engine(
    'A fault of Easel',
    'please report it, with the whole message; EASEL_DEBUG=1 shows where it came from',
  ),

  settings_invalid: start(
    'A setting is not valid',
    'correct the setting that is named; `easel config` prints all of them',
  ),
  data_folder_unusable: start(
    'The data folder cannot be used',
    'use another folder, or give the user that Easel runs as the right to write there',
  ),
  data_folder_in_use: start('The data folder is in use', 'stop the other server of this folder, or use another folder'),
  address_in_use: start('The address is in use', 'use another `--port`, or stop what listens there'),
  database_unavailable: start(
    'The database cannot be used',
    'start the database, check `DATABASE_URL`, or read the log that is named',
  ),
  database_newer: start(
    'The database was used by a newer release',
    'start that release or a newer one, or restore a backup that is older than the upgrade',
  ),
  no_server_yet: start('No server has run yet', 'start `easel serve` on this folder or database first'),
  backup_unusable: start('The backup cannot be used', 'use another backup'),
  secret_damaged: start(
    'The server secret is damaged',
    'restore the file `secret` of the data folder from a backup; without it no key is accepted',
  ),

  usage: command('Wrong usage', '`easel COMMAND --help` lists what it takes'),
  prompt_empty: command('The prompt is empty', 'write a prompt into the file or the pipe, or give it as an argument'),
  prompt_unreadable: command('The prompt cannot be read', 'check the path; the file must be UTF-8 text'),
  output_exists: command('The file exists already', 'choose another name or add --overwrite'),
  output_unwritable: command('The file cannot be written', 'choose another place, in a folder that can be written'),
  disk_full: command('The disk is full', 'free some space or choose another place'),
  device_install_failed: command(
    'The libraries of a device cannot be installed',
    'do what the message says, and run the command again',
  ),
  page_not_built: command('The web page could not be built', 'run `npm ci` in the clone, then try again'),
  key_missing: command('No API key', 'set EASEL_API_KEY or EASEL_ADMIN_KEY, or give --api-key-file'),
  server_unreachable: command('The server cannot be reached', 'check that it is running and that the address is right'),
  unknown: command('The answer is not from an Easel server', 'check the address of the server'),
  stopped: command('Interrupted', 'run the command again; what was finished is saved'),
} as const satisfies Record<string, Entry>;

export type Code = keyof typeof catalogue;

export function isCode(code: string): code is Code {
  return Object.hasOwn(catalogue, code);
}
