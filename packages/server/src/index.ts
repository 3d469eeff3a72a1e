import { fileURLToPath } from 'node:url';

export { writeBackup } from './backup/backup.ts';
export { restoreBackup } from './backup/restore.ts';
export { type Listening, type RunningServer, startServer } from './composition/start-server.ts';
export { type RunningWorker, startWorker } from './composition/start-worker.ts';
export { ConfigError } from './config/config-error.ts';
export { loadConfig, printConfig } from './config/load-config.ts';
export type { Config } from './config/schema.ts';
export type { StartupError, StartupErrorCode } from './startup-error.ts';

/** Where built web pages are kept: in a package that was installed the folder `page`, in a clone what the command line has built. */
export const publicFolder: string = fileURLToPath(new URL('../public', import.meta.url));
