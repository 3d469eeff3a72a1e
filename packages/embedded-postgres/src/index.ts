export {
  DataDirInUse,
  type DataDirLock,
  defaultDataDir,
  lockDataDir,
  makePrivate,
  makePrivateFolder,
  writeDurably,
} from './data-folder.ts';
export { DatabaseUnavailable } from './database-unavailable.ts';
export {
  clusterFolder,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  isDatabaseRunning,
  startEmbeddedPostgres,
} from './embedded-postgres.ts';
export { type Claim, type FileLock, tryFileLock } from './file-lock.ts';
export { hasNumber } from './process-identity.ts';
