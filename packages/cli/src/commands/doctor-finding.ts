import { messageOf } from '@easel/errors';
import type { Told } from './doctor-compute.ts';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly detail: string;
  /** It tells of something that is not there or cannot be used, which is no problem. */
  readonly absent?: true;
  /** What to do about a problem. */
  readonly remedy?: string;
  /** What was found, for programs: bytes, milliseconds, counts, names. */
  readonly values?: Readonly<Record<string, number | string>>;
}

export function pass(check: string, detail: string, values?: Finding['values']): Finding {
  return { check, ok: true, detail, ...(values !== undefined && { values }) };
}

export function fail(check: string, detail: string, remedy: string, values?: Finding['values']): Finding {
  return { check, ok: false, detail, remedy, ...(values !== undefined && { values }) };
}

export function told(check: string, { detail, values, absent }: Told): Finding {
  return { ...pass(check, detail, values), ...(absent && { absent }) };
}

export function failWith(check: string, thrown: unknown, remedy: string): Finding {
  return fail(check, messageOf(thrown), remedy);
}

export function renderFinding({ check, ok, absent, detail, remedy }: Finding): string {
  const line = `${absent ? '–' : ok ? '✓' : '✗'} ${check.padEnd(8)} ${detail}\n`;
  return remedy === undefined ? line : `${line}           ${remedy}\n`;
}
