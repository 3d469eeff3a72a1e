export { seedOfSample } from '@easel/contract/fields';
export { PictureFormatError } from './errors.ts';
export type { FoundSettings, LeftOut, PictureSettings, Source } from './findings.ts';
export { type ForeignSyntax, foreignSyntax, type PromptSyntax } from './foreign-syntax.ts';
export { formatParameters } from './format-parameters.ts';
export type { GenerationParameters } from './generation-parameters.ts';
export { type ParsedParameters, parseParameters } from './parse-parameters.ts';
export { copyParameters, readParameters, writeParameters } from './picture-file.ts';
export { readSettings } from './read-settings.ts';
