import { type Code, catalogue, isCode } from './catalogue.ts';

/** What every error that people see has. The client, which imports no other package when it runs, shares this by type. */
export interface CodedErrorLike<Known extends string = string> {
  readonly code: Known;
  /** What was sent or found, and what is allowed. */
  readonly message: string;
  /** What to do about it; undefined when the server that was asked did not say. */
  readonly remedy: string | undefined;
  readonly cause?: unknown;
}

export interface CodedErrorOptions {
  /** Default: that of the code. Better where the place that throws knows more, such as the name of a file. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/** An error of the catalogue. HTTP status and exit status are tables over its code, kept where replies and commands are written. */
export class CodedError<Known extends Code = Code> extends Error implements CodedErrorLike<Known> {
  readonly code: Known;
  readonly remedy: string;

  constructor(code: Known, message: string, { remedy, cause }: CodedErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
    this.remedy = remedy ?? catalogue[code].remedy;
  }
}

/** By what it has, not by its class: it may come from another copy of this package, or from the client, which has classes of its own. */
export function isCodedError(thrown: unknown): thrown is Error & CodedErrorLike<Code> {
  return (
    thrown instanceof Error &&
    'remedy' in thrown &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    isCode(thrown.code)
  );
}

/** Whether it is an error of one of these codes. */
export function hasCode<Known extends Code>(
  thrown: unknown,
  ...codes: readonly Known[]
): thrown is Error & CodedErrorLike<Known> {
  return isCodedError(thrown) && codes.some((code) => code === thrown.code);
}

/** Message and remedy in one text, where there is room for one only. What the catalogue says of every error of a code is left out. */
export function fullText({ code, message, remedy }: CodedErrorLike<Code>): string {
  return remedy === undefined || remedy === catalogue[code].remedy ? message : `${message}; ${remedy}`;
}
