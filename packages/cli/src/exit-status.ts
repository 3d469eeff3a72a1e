import type { Code } from '@easel/errors';

/** The statuses that the command ends with; docs/cli.md and `easel --help` list them for scripts. */
export const exitStatus = {
  ok: 0,
  failed: 1,
  usage: 2,
  model: 3,
  output: 4,
  server: 5,
  // 128 + the signal's number, as shells have it.
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

const { failed, usage, model, output, server, interrupted } = exitStatus;

/**
 * What the command ends with after an error that arose here. What a server answers ends with `server`, whatever its code.
 * Wrong usage is what the command line or the settings can put right; what is wrong with the machine is not.
 */
export const exitStatusOf = {
  invalid_request: usage,
  unauthorized: server,
  forbidden: server,
  not_found: usage,
  method_not_allowed: server,
  insufficient_credits: server,
  invalid_content_type: server,
  idempotency_mismatch: server,
  conflict: server,
  request_timeout: server,
  body_too_large: server,
  unsupported_encoding: server,
  content_rejected: server,
  cancelled: interrupted,
  rate_limited: server,
  server_error: failed,
  overloaded: failed,
  database_lost: failed,
  storage_unavailable: failed,

  model_not_found: model,
  model_file_missing: model,
  model_config_invalid: model,
  model_unsupported: model,
  weights_corrupt: model,
  tensor_missing: model,
  tensor_shape: model,
  tensor_dtype: model,
  download_failed: model,
  download_refused: model,
  download_corrupt: model,
  licence_not_accepted: usage,
  offline: model,
  image_unreadable: usage,
  picture_format: failed,
  picture_not_finite: model,
  out_of_memory: failed,
  device_unavailable: failed,
  device_lost: failed,
  inference_failed: failed,
  engine_crashed: failed,
  engine_hung: failed,
  engine_closed: failed,
  internal: failed,

  settings_invalid: usage,
  data_folder_unusable: usage,
  data_folder_in_use: failed,
  address_in_use: failed,
  database_unavailable: failed,
  database_newer: failed,
  no_server_yet: usage,
  backup_unusable: failed,
  secret_damaged: failed,

  usage,
  prompt_empty: usage,
  prompt_unreadable: usage,
  output_exists: output,
  output_unwritable: output,
  disk_full: output,
  device_install_failed: failed,
  page_not_built: failed,
  key_missing: usage,
  server_unreachable: server,
  unknown: server,
  stopped: interrupted,
} as const satisfies Record<Code, ExitStatus>;
