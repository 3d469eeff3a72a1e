export { type Area, type Code, catalogue, isCode } from './catalogue.ts';
export {
  CodedError,
  type CodedErrorLike,
  type CodedErrorOptions,
  fullText,
  hasCode,
  isCodedError,
} from './coded-error.ts';
export { nearMiss, nearNames } from './near-names.ts';
export { ifPresent, isMissing, messageOf, systemCode, whyNoFolder, whyUnreadable } from './thrown.ts';
