/** Notifications of PostgreSQL; the payload is the id of a job, or empty. */
export const EVENT_CHANNEL = 'easel_events';
export const CANCEL_CHANNEL = 'easel_cancel';
export const QUEUE_CHANNEL = 'easel_queue';
