import type { Logger } from '../observability/logger.ts';
import type { JobLog } from './job-log-port.ts';

/** Every line of a job's life has its `jobId`, and the `keyId` and `requestId` of the request that submitted it. */
export function createJobLog(log: Logger): JobLog {
  return (level, message, { id, keyId, requestId }, details = {}) => {
    log[level]({ jobId: id, keyId, ...(requestId !== null && { requestId }), ...details }, message);
  };
}
