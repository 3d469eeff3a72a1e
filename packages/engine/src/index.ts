export {
  formatParameters,
  type GenerationParameters,
  type ParsedParameters,
  parseParameters,
  readParameters,
} from '@easel/parameters';
export type { DeviceCheck, DeviceInfo, DeviceReport } from './device-info.ts';
export {
  EngineError,
  type EngineErrorCode,
  type EngineErrorDetails,
  type ErrorKind,
  isEngineErrorCode,
  toEngineError,
} from './errors.ts';
export { type FamilyName, type FamilySampler, familyNames, familySamplers } from './families/families.ts';
export {
  defaultCacheFolder,
  devicesFolder,
  type HubPlace,
  hubPlace,
  licencesFile,
  lorasFolder,
  modelsFolder,
} from './folders.ts';
export { BackOff } from './host/child-keeper.ts';
export type { EngineHost, HostLogEntry, HostOptions, HostStats } from './host/engine-host.ts';
export { createEngineHost } from './host/host.ts';
export { createPictureHost, type OpenPicture, type PictureHost, type PictureHostOptions } from './host/picture-host.ts';
export { chooseDeviceHere, type ProbeOptions, probeDevices, usualDevice } from './host/probe-devices.ts';
export type { ProcessMemory } from './host/process-memory.ts';
export { decodeImage, decodeMask } from './image/decode-image.ts';
export { type EncodeOptions, encodeImage, encodeThumbnail } from './image/encode-image.ts';
export { type ImageFormat, imageFormats } from './image/image-format.ts';
export { cropToShape, resizeLanczos } from './image/lanczos.ts';
export { extendCanvas, type Margins, type Mask, maskPicture } from './image/mask.ts';
export type { DecodedPicture } from './image/picture.ts';
export { type PictureDistance, pictureDistance, type Spread, summarizeDistances } from './image/picture-distance.ts';
export { drawSheet, type SheetCell, type SheetLayout } from './image/picture-sheet.ts';
export { inspectLoras, inspectModel, quantizeModel } from './inspect-and-quantize.ts';
export { loadModel } from './load-model.ts';
export { loadTokenizers, type TokenizedText, type Tokenizers } from './load-tokenizers.ts';
export { loadUpscaler, type UpscaleOptions, type Upscaler, type UpscalerOptions } from './load-upscaler.ts';
export { type DeviceChoice, deviceSettings, gigaflopsText } from './loading/choose-device.ts';
export { findModel } from './loading/find-model.ts';
export type { LoraInspector, LoraReport, ModelReport } from './loading/inspect-model.ts';
export type { QuantizedModel, QuantizeOptions, QuantizeProgress } from './loading/quantize-model.ts';
export type {
  ComponentInfo,
  DeviceSetting,
  GeneratedImage,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  ImageToImage,
  LayerSpeeds,
  LoadOptions,
  LoraRequest,
  MemoryEstimate,
  MicroConditioning,
  Model,
  ModelDefaults,
  ModelInfo,
  ModelSizes,
  PartName,
  PictureEstimate,
  PictureParts,
  PictureSize,
  PrecisionMemory,
  PrecisionSpeeds,
  PrepareOptions,
  PreviewKind,
  PromptField,
  SampleEvent,
  SchedulerName,
  SchedulerOverrides,
  SizeHW,
  StepEvent,
  Timings,
  TokenCount,
  UsedLora,
} from './model.ts';
export { engineLimits } from './pipeline/limits.ts';
export { adviceOnSize } from './pipeline/picture-sizes.ts';
export { estimateMemory, estimatePicture, int8Gain, measurePrecisions } from './precision-probe.ts';
export {
  type Acceleration,
  type PassCounts,
  type Profile,
  profileNames,
  profiles,
  type UsedAcceleration,
} from './profiles.ts';
export { type Card, cardEnvironment, findCards } from './runtime/devices/cards.ts';
export { type FeaturesInUse, featuresInUse, type ProcessorFeature, processorFeatures } from './runtime/devices/cpu.ts';
export {
  type CudaFiles,
  type CudaManifest,
  cudaDriverProblem,
  cudaFiles,
  runtimeLibrary,
  runtimeVersion,
} from './runtime/devices/cuda-files.ts';
export { type DeviceName, deviceNames } from './runtime/devices/device.ts';
export { deviceKinds } from './runtime/devices/devices.ts';
export { checkNames as deviceCheckNames } from './runtime/devices/probe-steps.ts';
export { engineThreads, type Processors, readProcessors } from './runtime/devices/processors.ts';
export {
  type MemoryOutcome,
  type MemorySetting,
  type MemoryUse,
  machineMemory,
  parseMemory,
} from './runtime/memory.ts';
export { type Precision, precisions } from './runtime/variant.ts';
export { beginsAsInt8File } from './weights/int8-file.ts';
