/** An exact decimal number: `digits` × 10^−`places`, `places` never negative. */
export interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

/** Forty digits and two of the exponent are more than any amount needs and little work to read. */
const spelling = /^(?<sign>[+-]?)(?<whole>\d{1,40})(?:\.(?<fraction>\d{1,40}))?(?:e(?<exponent>[+-]?\d{1,2}))?$/i;

/**
 * Reads a decimal as JSON, TypeScript and people write it. A number is read as its shortest spelling, so 0.1 is one tenth.
 *
 * @throws RangeError for anything else, such as NaN or an empty text
 */
export function parseDecimal(value: string | number): Decimal {
  const parts = spelling.exec(String(value))?.groups;
  if (!parts)
    throw new RangeError(`${JSON.stringify(String(value).slice(0, 60))} is not a decimal number such as 12.5`);
  const { sign = '', whole = '', fraction = '', exponent = '0' } = parts;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const places = fraction.length - Number(exponent);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}
