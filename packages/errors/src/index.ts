export { type Area, type Code, catalogue, isCode } from './catalogue.ts';
export { CodedError, type CodedErrorOptions, type ErrorShape, fullText, isCodedError } from './coded-error.ts';
export { messageOf, systemCode } from './thrown.ts';
