/**
 * The front door to the description of a picture request alone, as `@easel/contract/fields`: data and plain functions, no schemas, so that
 * the command line, the engine's parameters and browsers read it without typebox.
 */
export {
  type ArithmeticName,
  arithmeticNames,
  type DeviceName,
  deviceNames,
  type ImageFormat,
  imageFormats,
  isWithin,
  type KeyScope,
  keyScopes,
  limits,
  MAX_PROMPT_LENGTH,
  type Profile,
  profileNames,
  type Range,
  refillModes,
  SEED_MAX,
  SEED_RANDOM,
  SIDE_STEP,
  usageDimensions,
  type WebhookEvent,
  type WebhookState,
  webhookEvents,
  webhookStates,
} from './limits.ts';
export { combinationCount, combinationsOf, pickAlternatives, promptLines } from './request/alternatives.ts';
export { fewStepsText } from './request/few-steps.ts';
export {
  type Field,
  type FieldTable,
  type LoraChoice,
  optionGroups,
  type Point,
  type ValueOf,
} from './request/field.ts';
export { type FieldName, pictureFields } from './request/fields.ts';
export { type GuidedField, idleFields, idleText, isGuided } from './request/guidance.ts';
export { engineFields, isOn, parameterValues, rangeOn, wireName, writeRequest } from './request/mapping.ts';
export { type Scheduler, samplerNames, samplers } from './request/samplers.ts';
export type { EngineFields, OptionValues, ParameterValues } from './request/shapes.ts';
export {
  applyStyle,
  builtInStyles,
  faultOfStyle,
  STYLE_PLACE,
  type Style,
  type StyleTexts,
} from './request/styles.ts';
export { firstSeed, seedOfSample, seedsOfSamples } from './seeds.ts';
