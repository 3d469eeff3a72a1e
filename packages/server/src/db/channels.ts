/** Notifications of PostgreSQL; the payload is the id of a job or a key, or empty. */
export const EVENT_CHANNEL = 'easel_events';
export const CANCEL_CHANNEL = 'easel_cancel';
export const KEY_CHANNEL = 'easel_keys';
export const QUEUE_CHANNEL = 'easel_queue';
