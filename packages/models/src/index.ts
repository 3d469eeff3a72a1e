export { demoModelPath } from '@easel/demo-model';
export { type KnownModel, knownModel, knownModels, type ModelKind } from './catalogue.ts';
export type { Variant } from './choose-files.ts';
export type { CachedFile } from './hub/cache.ts';
export {
  answerOf,
  type Interrupted,
  networkReason,
  type PauseOptions,
  pauseAfter,
  requestOnce,
} from './hub/requests.ts';
export { hubCache, useProxies } from './hub/settings.ts';
export { type FileSource, type Transfer, type TransferOptions, transferFiles } from './hub/transfer.ts';
export {
  familyOfPulled,
  folderModel,
  folderModels,
  type InstalledModel,
  installedModels,
  referenceOf,
  requireReference,
  resolveModel,
  resolvePart,
} from './installed.ts';
export { acceptLicence, type PullLicence } from './licences.ts';
export { type CheckedFile, findInstalled, removeInstalled, verifyInstalled } from './maintain.ts';
export { type ModelLicence, parseModelCard, readModelLicence } from './model-card.ts';
export { nameOfPath } from './name-of-path.ts';
export {
  type PullContext,
  type PullEvents,
  type PullPlan,
  type PullProgress,
  type PullRequest,
  planPull,
  runPull,
} from './pull.ts';
export { formatReference, REFERENCE_FORM } from './reference.ts';
