/** Where all tables of the service are; the queue has a schema of its own. */
export const SCHEMA = 'easel';
