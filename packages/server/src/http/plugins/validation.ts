import { explainInvalid, fromText, withoutNulls } from '@easel/contract';
import { type TSchema, Type } from 'typebox';
import { DomainError } from '../../domain-error.ts';
import type { HttpApp } from '../http-app.ts';

type Verdict = { readonly value: unknown } | { readonly error: DomainError };

/** Requests are checked with the schemas of the contract, and refused in its words. */
export function validateByContract(app: HttpApp): void {
  app.setValidatorCompiler<unknown>(({ schema, httpPart = 'body' }) => {
    if (!isSchema(schema)) throw new TypeError(`the schema of the ${httpPart} is not one of the contract's`);
    return (data: unknown) => check(schema, httpPart, data);
  });
}

function isSchema(value: unknown): value is TSchema {
  return Type.IsSchema(value);
}

function check(schema: TSchema, part: string, data: unknown): Verdict {
  const value = partValue(schema, part, data);
  const fault = explainInvalid(schema, value);
  if (fault === undefined) return { value };
  // What cannot be the name of anything here is the name of nothing.
  if (part === 'params') return { error: new DomainError('not_found', `there is nothing here: ${fault.message}`) };
  const param = fault.param === undefined ? {} : { param: fault.param };
  return { error: new DomainError('invalid_request', fault.message, param) };
}

/** In a query everything is text, and in a body null means absent. */
function partValue(schema: TSchema, part: string, data: unknown): unknown {
  if (part === 'querystring') return fromText(schema, data);
  return part === 'body' ? withoutNulls(schema, data) : data;
}
