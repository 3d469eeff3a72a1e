/** What one check of `easel doctor` found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly detail: string;
  /** What to do about it; only when it is not well. */
  readonly remedy?: string;
  /** What was measured, for programs: bytes, milliseconds, counts. */
  readonly values?: Readonly<Record<string, number>>;
}

export function well(check: string, detail: string, values?: Finding['values']): Finding {
  return { check, ok: true, detail, ...(values !== undefined && { values }) };
}

export function unwell(check: string, detail: string, remedy: string, values?: Finding['values']): Finding {
  return { check, ok: false, detail, remedy, ...(values !== undefined && { values }) };
}

/** The error as a finding; its message says what to do. */
export function failed(check: string, thrown: unknown, remedy: string): Finding {
  return unwell(check, thrown instanceof Error ? thrown.message : String(thrown), remedy);
}

export function renderFinding({ check, ok, detail, remedy }: Finding): string {
  const line = `${ok ? '✓' : '✗'} ${check.padEnd(8)} ${detail}\n`;
  return remedy === undefined ? line : `${line}           ${remedy}\n`;
}
