export type { ErrorShape } from '@easel/errors';
export {
  type Account,
  type AccountCreate,
  type AccountListQuery,
  type AccountPage,
  type AccountParams,
  type AccountPatch,
  accountCreateSchema,
  accountListQuerySchema,
  accountPageSchema,
  accountParamsSchema,
  accountPatchSchema,
  accountSchema,
} from './api/admin/account.ts';
export {
  type AccountGrantCreate,
  accountGrantCreateSchema,
  type Grant,
  type GrantCreate,
  grantCreateSchema,
  grantSchema,
} from './api/admin/grant.ts';
export {
  type AdminJob,
  type AdminJobListQuery,
  type AdminJobPage,
  adminJobListQuerySchema,
  adminJobPageSchema,
  adminJobSchema,
} from './api/admin/job.ts';
export {
  type Key,
  type KeyCreate,
  type KeyCreated,
  type KeyList,
  type KeyListQuery,
  type KeyParams,
  type KeyPatch,
  keyCreatedSchema,
  keyCreateSchema,
  keyListQuerySchema,
  keyListSchema,
  keyParamsSchema,
  keyPatchSchema,
  keySchema,
} from './api/admin/key.ts';
export { type Queue, queueSchema } from './api/admin/queue.ts';
export { type Worker, type WorkerList, workerListSchema, workerSchema } from './api/admin/worker.ts';
export { type Credits, creditsSchema } from './api/credits.ts';
export { type Health, healthSchema, type Ready, type ReadyCheck, readyCheckSchema, readySchema } from './api/health.ts';
export {
  type Image,
  type ImageParams,
  type ImageQuery,
  imageParamsSchema,
  imageQuerySchema,
  imageSchema,
  thumbnailWidths,
} from './api/image.ts';
export {
  type Job,
  type JobError,
  type JobParams,
  type JobPatch,
  type JobStatus,
  jobErrorSchema,
  jobParamsSchema,
  jobPatchSchema,
  jobSchema,
  jobStatuses,
} from './api/job.ts';
export {
  type AccountEvent,
  accountEventSchemas,
  type EventsQuery,
  eventsQuerySchema,
  isJobEventName,
  isLastEvent,
  type JobCancelledEvent,
  type JobEvent,
  type JobEventName,
  type JobFailedEvent,
  type JobQueuedEvent,
  type JobStartedEvent,
  type JobStepEvent,
  type JobSucceededEvent,
  jobCancelledEventSchema,
  jobEventSchemas,
  jobFailedEventSchema,
  jobQueuedEventSchema,
  jobStartedEventSchema,
  jobStepEventSchema,
  jobSucceededEventSchema,
} from './api/job-events.ts';
export { type JobListQuery, type JobPage, jobListQuerySchema, jobPageSchema } from './api/job-list.ts';
export {
  type LedgerEntry,
  type LedgerKind,
  type LedgerPage,
  type LedgerQuery,
  ledgerEntrySchema,
  ledgerKinds,
  ledgerPageSchema,
  ledgerQuerySchema,
} from './api/ledger.ts';
export {
  type Model,
  type ModelDefaults,
  type ModelLimits,
  type ModelList,
  type ModelParameter,
  type ModelSize,
  modelDefaultsSchema,
  modelLimitsSchema,
  modelListSchema,
  modelParameterSchema,
  modelSchema,
  modelSizeSchema,
} from './api/model.ts';
export { type PriceQuote, priceQuoteSchema } from './api/price-quote.ts';
export { type Problem, problemMediaType, problemOfCode, problemSchema } from './api/problem.ts';
export {
  type ForeignSyntax,
  foreignSyntaxSchema,
  type TokenizedText,
  type TokenizeReply,
  type TokenizeRequest,
  tokenizedTextSchema,
  tokenizeReplySchema,
  tokenizeRequestSchema,
} from './api/tokenize.ts';
export {
  type UsageGroup,
  type UsageQuery,
  type UsageReply,
  type UsageRow,
  type UsageTotal,
  usageGroups,
  usageQuerySchema,
  usageReplySchema,
  usageRowSchema,
  usageTotalSchema,
} from './api/usage.ts';
export {
  answerTo,
  type ErrorCode,
  fixedMessages,
  type HttpError,
  httpErrors,
  isErrorCode,
  type OpenaiErrorType,
  openaiErrorType,
  statusOfError,
  titleOfError,
} from './errors.ts';
export { explainInvalid } from './explain/explain-invalid.ts';
export type { Fault } from './fault.ts';
export { fromText, withoutEmptyFields, withoutNulls } from './from-text.ts';
export { exposedHeaders, headers } from './headers.ts';
export { type IdempotencyKey, idempotencyKeySchema } from './idempotency.ts';
export {
  defaults,
  type ImageFormat,
  imageFormats,
  isWithin,
  type KeyScope,
  keyScopes,
  limits,
  MAX_PROMPT_LENGTH,
  type Range,
  SEED_MAX,
  SEED_RANDOM,
  SIDE_STEP,
} from './limits.ts';
export { parseDecimal } from './money/decimal.ts';
export {
  decimalToMicro,
  isWholeMicro,
  MICRO_PER_CREDIT,
  microToDecimal,
  microToNumber,
} from './money/micro-credits.ts';
export { defaultTariff, PIXELS_PER_MEGAPIXEL, type PricedWork, priceOf, type Tariff } from './money/price.ts';
export { negativePromptOf } from './negative-prompt.ts';
export { type OpenaiError, openaiErrorDetailsSchema, openaiErrorSchema } from './openai/error.ts';
export { type OpenaiModel, type OpenaiModelList, openaiModelListSchema, openaiModelSchema } from './openai/models.ts';
export {
  type OpenaiImage,
  type OpenaiImagesReply,
  openaiImageSchema,
  openaiImagesReplySchema,
} from './openai/reply.ts';
export { sizeForOpenai } from './openai/sizes.ts';
export {
  type OpenaiCompletedEvent,
  type OpenaiPartialImageEvent,
  type OpenaiStreamEvent,
  openaiCompletedEventSchema,
  openaiPartialImageEventSchema,
} from './openai/stream.ts';
export { type OpenaiUsage, openaiUsageSchema } from './openai/usage.ts';
export { defaultSlug, pagePaths, paths, reservedSlugs } from './paths.ts';
export {
  type AspectRatio,
  aspectRatios,
  type RatioLimits,
  sdxlBuckets,
  sizeOfAspectRatio,
} from './picture/aspect-ratios.ts';
export { namesSize, requestedSize } from './picture/requested-size.ts';
export { formatSize, parseSize, type Size } from './picture/size.ts';
export {
  embeddedModelSizes,
  faultOfSize,
  fullModelSizes,
  offeredSizes,
  type SideNames,
  type SizeLimits,
  sizeForPicture,
  sizesForNative,
} from './picture/size-limits.ts';
export type { Field, FieldTable, Surface, ValueOf } from './request/field.ts';
export { type FieldName, pictureFields } from './request/fields.ts';
export {
  type AllowedValues,
  type CalledNames,
  calledNames,
  engineFields,
  faultOfValues,
  fillRequest,
  inWireNames,
  modelParameters,
  parameterValues,
  readRequest,
  readTold,
  tellRequest,
  wireName,
  writeRequest,
} from './request/mapping.ts';
export { isSampler, type Scheduler, samplerLabel, samplerNames } from './request/samplers.ts';
export {
  type JobCreate,
  jobCreateSchema,
  type OpenaiImagesRequest,
  openaiImagesRequestSchema,
  type PriceQuery,
  priceQuerySchema,
  propertiesOn,
  type SegmindRequest,
  segmindRequestSchema,
  toldProperties,
} from './request/schemas.ts';
export type { ControlValues, EngineFields, FieldValues, FilledRequest, PictureRequest } from './request/shapes.ts';
export { patterns } from './schema/patterns.ts';
export { drawSeed, firstSeed, RANDOM_SEED_MAX, seedOfSample, seedsOfSamples } from './seeds.ts';
export {
  type SegmindFailed,
  type SegmindImage,
  type SegmindResult,
  type SegmindStatus,
  type SegmindSubmitted,
  segmindFailedSchema,
  segmindImageSchema,
  segmindResultSchema,
  segmindStatusSchema,
  segmindSubmittedSchema,
} from './segmind/asynchronous.ts';
export { type SegmindCredits, segmindCreditsSchema } from './segmind/credits.ts';
export { type SegmindError, segmindErrorSchema } from './segmind/error.ts';
export { ignoredFieldsHeader } from './segmind/ignored-fields.ts';
export { type LenientBody, lenientSegmindBody } from './segmind/lenient.ts';
export {
  type SegmindFailedMetrics,
  type SegmindMetrics,
  type SegmindRunningMetrics,
  segmindFailedMetricsSchema,
  segmindMetricsSchema,
  segmindRunningMetricsSchema,
} from './segmind/metrics.ts';
export {
  type OutputMetadata,
  outputMetadataSchema,
  type SegmindBase64Reply,
  segmindBase64ReplySchema,
} from './segmind/reply.ts';
